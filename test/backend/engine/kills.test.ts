/** An engine that is killed again and again, in the middle of steps, and goes on from its checkpoints. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Engine, OptimStepRequest, SampleRequest } from '../../../backend/engine/contract.ts';
import { EngineProcess } from '../../../backend/engine/local/client.ts';
import { LocalEngine } from '../../../backend/engine/local/localEngine.ts';
import { repositoryRoot } from '../../support/sourceTree.ts';
import { engineOptions, goldenLoss, readGolden, trainSequences, withFolder } from './goldenEngines.ts';

const sequences = trainSequences(readGolden('qwen2-tied'));
const update: OptimStepRequest = { learningRate: 1e-2, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01, gradientClip: 1 };
const sampling: SampleRequest = {
  prompts: [
    [1, 2, 3],
    [4, 5],
  ],
  seeds: [[1, 2], [3]],
  maxTokens: 30,
  temperature: 1,
  topK: 0,
  topP: 1,
  stopTokens: [7],
};
const endless: SampleRequest = { ...sampling, seeds: [Array.from({ length: 20_000 }, (_, i) => i), []] };
const options = engineOptions('qwen2-tied');

it('goes on identically through 20 kills', () =>
  withFolder(async (checkpoint) => {
    const step = async (engine: Engine): Promise<unknown[]> => [
      await engine.forwardBackward(sequences, goldenLoss(true)),
      await engine.optimStep(update),
      await engine.sample(sampling),
    ];
    const uninterrupted: unknown[] = [];
    const local = await LocalEngine.open(options);
    await local.saveState(checkpoint);
    for (let i = 0; i < 20; i++) uninterrupted.push(await step(local));
    await local.dispose();

    const interrupted: unknown[] = [];
    for (let kills = 0; kills < 20; kills++) {
      const engine = await EngineProcess.open({ ...options, entry: join(repositoryRoot, 'dist/engine.js') });
      await engine.loadState(checkpoint);
      interrupted.push(await step(engine));
      await engine.saveState(checkpoint);
      // Killed in the middle of the next step.
      const lost = Promise.allSettled([engine.forwardBackward(sequences, goldenLoss(true)), engine.sample(endless)]);
      await sleep(kills * 5);
      process.kill(engine.pid as number, 'SIGKILL');
      expect((await lost).at(-1)?.status).toBe('rejected');
    }
    expect(interrupted).toEqual(uninterrupted);
  }));
