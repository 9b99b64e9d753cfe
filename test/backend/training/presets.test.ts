/** Every preset is a run file that opens: it parses, names what exists and keeps what its summary says. */
import { describe, expect, it } from 'vitest';
import { lossProgram } from '../../../backend/algorithms/algorithm.ts';
import { findAlgorithm } from '../../../backend/algorithms/findAlgorithm.ts';
import { algorithms } from '../../../backend/algorithms/index.ts';
import { critics } from '../../../backend/critics/index.ts';
import { runConfigSchema, type RunConfig } from '../../../backend/protocol/runConfig.ts';
import { findCritic, findVerifier } from '../../../backend/training/findPlugin.ts';
import { presets, type Preset, type PresetName } from '../../../backend/training/presets.ts';

function resolved(name: PresetName): RunConfig {
  const { config }: Preset = presets[name];
  return runConfigSchema.parse({ model: { path: 'model' }, data: { train: 'train.jsonl' }, ...config });
}

describe('presets', () => {
  it.each(Object.keys(presets) as PresetName[])('%s parses, and its loss compiles', (name) => {
    const config = resolved(name);
    const algorithm = findAlgorithm(config.algorithm);
    findCritic(config.critic);
    findVerifier(config.verifier);
    const switches = { ...algorithm.defaults, ...(config.switches as Partial<typeof algorithm.defaults>) };
    expect(lossProgram(algorithm, switches).outputs.map((output) => output.name)).toContain('loss');
    expect(presets[name].summary).toMatch(/\.$/);
  });

  it('every algorithm has one, and Critique-GRPO one for each critic', () => {
    const configs = (Object.keys(presets) as PresetName[]).map(resolved);
    const used = new Set(configs.map((config) => findAlgorithm(config.algorithm)));
    expect(Object.values(algorithms).filter((algorithm) => !used.has(algorithm))).toEqual([]);
    const critical = configs.filter(({ algorithm }) => findAlgorithm(algorithm) === algorithms['critiqueGrpo']);
    const kinds = critical.map(({ critic }) => findCritic(critic).kind);
    // The control without critique is no method of its own.
    expect(Object.values(critics).filter(({ kind }) => kind !== 'resample' && !kinds.includes(kind))).toEqual([]);
  });

  it('demo is complete and bundled', () => {
    const { model, data } = resolved('demo');
    for (const path of [model.path, data.train, data.heldOut]) expect(path).toMatch(/^demo:/);
  });
});
