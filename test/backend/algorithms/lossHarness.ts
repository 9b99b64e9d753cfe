/** Evaluates the loss of an algorithm and its gradient in float64, for as many tokens as a test has. */
import type { Algorithm, SuppliedInput } from '../../../backend/algorithms/algorithm.ts';
import { lossProgram, suppliedInputs } from '../../../backend/algorithms/algorithm.ts';
import type { TrainSequence } from '../../../backend/engine/contract.ts';
import { gradients } from '../../../backend/graph/autodiff.ts';
import { GraphBuilder } from '../../../backend/graph/builder.ts';
import { evaluate } from '../../../backend/graph/reference.ts';
import type { Switches } from '../../../backend/protocol/runConfig.ts';

const inputNames = ['logprobs', 'entropies', ...suppliedInputs] as const;

/** Every per-token input of a loss, each [T]. */
export type Tokens = Readonly<Record<'logprobs' | 'entropies' | SuppliedInput, readonly number[]>>;

export interface LossValues {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly gradLogprobs: readonly number[];
  readonly gradEntropies: readonly number[];
}

export function evaluateLoss(algorithm: Algorithm, switches: Switches, tokens: Tokens): LossValues {
  const length = tokens.logprobs.length;
  const g = new GraphBuilder();
  const inputs = Object.fromEntries(inputNames.map((name) => [name, g.input(name, 'f32', [length])]));
  const { loss, ...metrics } = g.inline(lossProgram(algorithm, switches), inputs);
  if (loss === undefined) throw new Error(`${algorithm.name}: the program has no loss`);
  const [gradLogprobs, gradEntropies] = gradients(g, loss, [inputs['logprobs']!, inputs['entropies']!]);
  const graph = g.finish({ loss, ...metrics, gradLogprobs: gradLogprobs!, gradEntropies: gradEntropies! });
  const values = evaluate(graph, tokens);
  return {
    loss: values['loss']![0]!,
    metrics: Object.fromEntries(Object.keys(metrics).map((name) => [name, values[name]![0]!])),
    gradLogprobs: [...values['gradLogprobs']!],
    gradEntropies: [...values['gradEntropies']!],
  };
}

/** The targets of sequences end to end, with what the network would have answered for each sequence. */
export function tokensOf(
  sequences: readonly TrainSequence[],
  logprobs: readonly (readonly number[])[],
  entropies: readonly (readonly number[])[],
): Tokens {
  const supplied = Object.fromEntries(suppliedInputs.map((name) => [name, sequences.flatMap(({ inputs }) => [...inputs[name]!])]));
  return { ...(supplied as Record<SuppliedInput, number[]>), logprobs: logprobs.flat(), entropies: entropies.flat() };
}

/** The tokens from `start` to `end`. */
export function sliceTokens(tokens: Tokens, start: number, end: number): Tokens {
  return Object.fromEntries(inputNames.map((name) => [name, tokens[name].slice(start, end)])) as unknown as Tokens;
}

/** The tokens followed by `count` tokens of padding: all inputs 0, and whatever logprobs and entropies the network has there. */
export function padTokens(tokens: Tokens, count: number, logprob: number, entropy: number): Tokens {
  const padding = (name: string): number => (name === 'logprobs' ? logprob : name === 'entropies' ? entropy : 0);
  return Object.fromEntries(
    inputNames.map((name) => [name, [...tokens[name], ...new Array<number>(count).fill(padding(name))]]),
  ) as unknown as Tokens;
}
