/** Pretraining of a small model from random weights: weighted next-token prediction over generated documents. */
import { lossProgram, suppliedInputs } from '../algorithms/algorithm.ts';
import { sft } from '../algorithms/sft.ts';
import { sum } from '../core/stats.ts';
import type { Engine, TrainSequence } from '../engine/contract.ts';
import type { OptimizerConfig } from '../protocol/runConfig.ts';
import { learningRateAt } from './schedule.ts';

/** Token ids with the weight of each as a target of the loss. */
export interface WeightedDocument {
  readonly tokens: readonly number[];
  readonly weights: readonly number[];
}

export interface PretrainOptions {
  readonly engine: Engine;
  /** Draws the next document; called in order, so a seeded source makes the run repeatable. */
  readonly nextDocument: () => WeightedDocument;
  readonly updates: number;
  readonly documentsPerUpdate: number;
  readonly optimizer: OptimizerConfig;
  readonly signal?: AbortSignal;
  readonly onUpdate?: (progress: PretrainProgress) => void;
}

export interface PretrainProgress {
  readonly update: number;
  /** Weighted mean negative log-likelihood of the update's documents. */
  readonly loss: number;
  readonly tokens: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
}

/** Documents drawn ahead and cut into updates of alike length: less padding at the same mixture. */
const updatesAhead = 16;

export async function pretrain(options: PretrainOptions): Promise<PretrainProgress> {
  const { engine, optimizer, updates } = options;
  const program = lossProgram(sft, sft.defaults);
  let queue: WeightedDocument[][] = [];
  let tokens = 0;
  let progress: PretrainProgress = { update: 0, loss: NaN, tokens, learningRate: 0, gradientNorm: 0 };
  for (let update = 0; update < updates; update++) {
    options.signal?.throwIfAborted();
    if (queue.length === 0) queue = drawAhead(options, update);
    const documents = queue.pop() as WeightedDocument[];
    const learningRate = learningRateAt(optimizer, update, updates);
    const { loss } = await engine.forwardBackward(sequencesOf(documents), program);
    const { gradientNorm } = await engine.optimStep({ ...optimizer, learningRate });
    tokens += sum(documents.map((document) => document.tokens.length));
    progress = { update: update + 1, loss, tokens, learningRate, gradientNorm };
    options.onUpdate?.(progress);
  }
  return progress;
}

/** Sorted by length, so that an update holds documents alike; the updates then alternate between short and long ones. */
function drawAhead({ nextDocument, documentsPerUpdate }: PretrainOptions, update: number): WeightedDocument[][] {
  const documents = Array.from({ length: documentsPerUpdate * updatesAhead }, nextDocument).sort((a, b) => a.tokens.length - b.tokens.length);
  const batches = Array.from({ length: updatesAhead }, (_, i) => documents.slice(i * documentsPerUpdate, (i + 1) * documentsPerUpdate));
  // A fixed stride visits all lengths in turn; 7 and 16 have no common divisor.
  return batches.map((_, i) => batches[(i * 7 + update) % updatesAhead] as WeightedDocument[]);
}

function sequencesOf(documents: readonly WeightedDocument[]): TrainSequence[] {
  const total = sum(documents.flatMap(({ weights }) => weights.slice(1)));
  return documents.map(({ tokens, weights }) => {
    const targets = weights.flatMap((weight, i) => (i > 0 && weight > 0 ? [i] : []));
    const inputs: Record<string, Float32Array> = Object.fromEntries(suppliedInputs.map((name) => [name, new Float32Array(targets.length)]));
    inputs['weights'] = Float32Array.from(targets, (i) => (weights[i] as number) / total);
    inputs['uniformWeights'] = Float32Array.from(inputs['weights']);
    inputs['advantages'] = new Float32Array(targets.length).fill(1);
    return { tokens: Int32Array.from(tokens), targets: Int32Array.from(targets), inputs };
  });
}
