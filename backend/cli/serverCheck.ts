/** Whether the Tinker server of a run is there, serves its model, and can honor what the run asks for. */
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import { askServer } from '../engine/tinker/servedModels.ts';
import type { TinkerConfig } from '../protocol/tinkerConfig.ts';
import { requireRemoteRun, tinkerKeyName } from '../training/remoteEngine.ts';
import { switchesOf } from '../training/switches.ts';
import type { Check } from './doctorCheck.ts';

export const serverCheck: Check = {
  name: 'server',
  needs: [],
  async examine({ config, signal, secretOf = (name) => process.env[name] }) {
    const { baseUrl, model, loraRank } = config.engine.tinker as TinkerConfig;
    const algorithm = findAlgorithm(config.algorithm);
    requireRemoteRun({ config, algorithm, switches: switchesOf(config) });
    const start = performance.now();
    const { server, models } = await askServer({ baseUrl, key: secretOf(tinkerKeyName, new URL(baseUrl).origin), model }, signal);
    const trained = loraRank === 0 ? 'all weights' : `an adapter of rank ${loraRank}`;
    const named = models.length === 0 ? 'it does not say what it serves' : `it serves ${model}`;
    return {
      status: models.length === 0 ? 'warning' : 'ok',
      detail: `${server} answers in ${Math.round(performance.now() - start)} ms; ${named}; ${trained} will be trained there. Only logprobs cross the wire: no entropy bonus, no clipping by optimizer.gradientClip`,
      ...(models.length === 0
        ? { remedy: 'Make sure that engine.tinker.model is the name under which the server knows the model of model.path.' }
        : {}),
    };
  },
};
