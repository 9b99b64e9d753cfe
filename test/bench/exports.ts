/**
 * What transformers and peft make of folders that this engine wrote: each published structure, trained by a step and exported whole, as an
 * adapter, and merged. Prints the largest difference of a logprob. Needs PEER_PYTHON.
 */
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalEngine } from '../../backend/engine/local/localEngine.ts';
import { GraphBuilder } from '../../backend/graph/builder.ts';
import { copySideFiles } from '../../backend/models/folder.ts';
import { runPeer } from '../support/peers.ts';
import { repositoryRoot } from '../support/sourceTree.ts';

interface Sequence {
  readonly tokens: readonly number[];
  readonly targets: readonly number[];
  readonly weights: readonly number[];
}

interface Check {
  readonly largestDifference: { readonly logprobs: number };
  readonly tokenizerSize: number | null;
  readonly passed: boolean;
}

const published = join(repositoryRoot, 'test/golden/published');
const lora = { rank: 4, alpha: 8, targets: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] };
const options = { maxPositions: 512, keepReference: false, threads: 2, microBatchTokens: 2048, layerCheckpointing: false, maxRows: 8 };
const step = { learningRate: 2e-3, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.01, gradientClip: null };

function weightedLogprobs() {
  const g = new GraphBuilder();
  const vector = (name: string) => g.input(name, 'f32', [1]);
  return g.finish({ loss: g.sum(g.mul(vector('weight'), vector('logprobs'))) });
}

const folder = await mkdtemp(join(tmpdir(), 'exports-'));
try {
  for (const name of ['qwen2.5-0.5b', 'qwen2.5-7b', 'qwen3-8b', 'llama-3.1-8b', 'llama-3.2-1b']) {
    const base = join(published, name);
    const { sequences } = JSON.parse(readFileSync(join(base, 'golden.json'), 'utf8')) as { sequences: readonly Sequence[] };
    const trained = sequences.map(({ tokens, targets, weights }) => ({
      tokens: Int32Array.from(tokens),
      targets: Int32Array.from(targets),
      inputs: { weight: Float32Array.from(weights) },
    }));
    const lines: string[] = [];
    for (const adapter of [false, true]) {
      const engine = await LocalEngine.open({ ...options, model: base, ...(adapter ? { lora, adapterSeed: 1 } : {}) });
      // The second step moves A as well: B starts at zero.
      for (let i = 0; i < (adapter ? 2 : 1); i++) {
        await engine.forwardBackward(trained, weightedLogprobs());
        await engine.optimStep(step);
      }
      const { logprobs } = await engine.forward(trained);
      const numbers = join(folder, 'numbers.json');
      await writeFile(
        numbers,
        JSON.stringify({ sequences: sequences.map(({ tokens, targets }, i) => ({ tokens, targets, logprobs: [...(logprobs[i] ?? [])] })) }),
      );
      for (const form of adapter ? (['adapter', 'merged'] as const) : (['merged'] as const)) {
        const exported = join(folder, `${name}-${form}`);
        await rm(exported, { recursive: true, force: true });
        await cp(base, exported, { recursive: true, filter: (file) => file === base });
        await engine.exportWeights(exported, form);
        await copySideFiles(base, exported);
        const check = runPeer<Check>('check_exports.py', exported, numbers, '--tolerance', '1e-4');
        const what = adapter ? `LoRA ${form}` : 'whole';
        lines.push(`${what} ${check === undefined ? 'not checked (PEER_PYTHON is not set)' : check.largestDifference.logprobs.toExponential(1)}`);
      }
      await engine.dispose();
    }
    console.log(`${name.padEnd(14)} ${lines.join(', ')}`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
