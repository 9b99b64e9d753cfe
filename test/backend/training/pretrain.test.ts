/** Pretraining: which documents make an update, with which weights, and that it can be stopped. */
import { describe, expect, it } from 'vitest';
import { optimizerSchema } from '../../../backend/protocol/runConfig.ts';
import { pretrain, type PretrainOptions, type WeightedDocument } from '../../../backend/training/pretrain.ts';
import { ScriptedEngine } from '../../support/scriptedEngine.ts';
import { tokenizer } from '../../support/scriptedRun.ts';

/** Document n has n % 5 + 2 tokens, all of them n; its first half is context. */
function documents(): () => WeightedDocument {
  let n = 0;
  return () => {
    const length = (n % 5) + 2;
    const tokens = new Array<number>(length).fill(n++);
    return { tokens, weights: tokens.map((_, i) => (i < length / 2 ? 0 : i)) };
  };
}

async function run(options: Partial<PretrainOptions> = {}) {
  const engine = new ScriptedEngine(tokenizer, () => '');
  const optimizer = optimizerSchema.parse({ learningRate: 1, warmupSteps: 4 });
  const result = await pretrain({ engine, nextDocument: documents(), updates: 16, documentsPerUpdate: 3, optimizer, ...options });
  return { engine, result, updates: engine.callsOf('forwardBackward').map(({ sequences }) => sequences) };
}

describe('pretrain', () => {
  it('makes every update from documents of alike length, each used once', async () => {
    const { updates, engine, result } = await run();
    expect(updates).toHaveLength(16);
    const used = updates.flat().map(({ tokens }) => tokens[0]);
    expect([...used].sort((a, b) => (a as number) - (b as number))).toEqual(Array.from({ length: 48 }, (_, i) => i));
    for (const sequences of updates) {
      const lengths = sequences.map(({ tokens }) => tokens.length);
      expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
    }
    expect(
      engine
        .callsOf('optimStep')
        .slice(0, 5)
        .map(({ request }) => request.learningRate),
    ).toEqual([0.25, 0.5, 0.75, 1, 1]);
    expect(result).toMatchObject({ update: 16, tokens: updates.flat().reduce((sum, { tokens }) => sum + tokens.length, 0) });
  });

  it('asks only for weighted tokens, whose weights sum to 1 over an update', async () => {
    for (const sequences of (await run()).updates) {
      const weights = sequences.flatMap(({ inputs }) => [...(inputs['weights'] as Float32Array)]);
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
      expect(Math.min(...weights)).toBeGreaterThan(0);
      for (const { targets, tokens, inputs } of sequences) {
        expect([...targets]).toEqual(Array.from({ length: Math.floor(tokens.length / 2) }, (_, i) => Math.ceil(tokens.length / 2) + i));
        for (const values of Object.values(inputs)) expect(values).toHaveLength(targets.length);
      }
    }
  });

  it('repeats itself, tells of each update, and stops when asked', async () => {
    const told: number[] = [];
    const controller = new AbortController();
    const engine = new ScriptedEngine(tokenizer, () => '');
    const stopped = run({
      engine,
      signal: controller.signal,
      onUpdate({ update }) {
        told.push(update);
        if (update === 3) controller.abort();
      },
    });
    await expect(stopped).rejects.toThrow(/abort/i);
    expect(told).toEqual([1, 2, 3]);
    expect(engine.callsOf('forwardBackward').map(({ sequences }) => sequences)).toEqual((await run()).updates.slice(0, 3));
  });
});
