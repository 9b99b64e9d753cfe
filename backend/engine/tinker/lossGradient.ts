/** From a loss program to one weight a token: −∂L/∂logπ, derived by the graph's own rules and evaluated in float64. */
import { gradients } from '../../graph/autodiff.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import type { Graph, Value } from '../../graph/ir.ts';
import { evaluate } from '../../graph/reference.ts';
import type { LossProgram, TrainSequence } from '../contract.ts';

export interface LossGradient {
  readonly loss: number;
  /** The program's other outputs, summed over tokens. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Per sequence, one value a target: Σ_t weight_t ∇logπ_t is −∇L. */
  readonly weights: readonly Float64Array[];
}

/** Tokens evaluated at a time; what is missing to a full block is padding, which contributes 0 by the definition of a loss program. */
const block = 1024;
const gradientName = 'gradient';

/** Whether any output of the program depends on that input. */
export function dependsOn(program: LossProgram, input: string): boolean {
  const reached = new Set(program.inputs.filter(({ name }) => name === input).map(({ value }) => value));
  for (const { inputs, outputs } of program.nodes) if (inputs.some((id) => reached.has(id))) for (const id of outputs) reached.add(id);
  return program.outputs.some(({ value }) => reached.has(value));
}

/** `logprobs`: per sequence, one value a target, of the weights as they are. The program must not depend on entropies. */
export function lossGradient(program: LossProgram, sequences: readonly TrainSequence[], logprobs: readonly ArrayLike<number>[]): LossGradient {
  const derived = derive(program);
  const total = sequences.reduce((sum, { targets }) => sum + targets.length, 0);
  const flat: Record<string, Float64Array> = {};
  for (const { name } of derived.inputs) {
    const values = new Float64Array(Math.ceil(Math.max(1, total) / block) * block);
    let at = 0;
    sequences.forEach(({ targets, inputs }, s) => {
      const own = name === 'logprobs' ? logprobs[s] : inputs[name];
      if (own?.length !== targets.length) throw new Error(`sequence ${s}: ${own?.length ?? 'no'} values of ${name} for ${targets.length} targets`);
      values.set(own, at);
      at += targets.length;
    });
    flat[name] = values;
  }
  const sums: Record<string, number> = {};
  const weights = new Float64Array(Math.ceil(total / block) * block);
  for (let start = 0; start < total; start += block) {
    const feeds = Object.fromEntries(Object.entries(flat).map(([name, values]) => [name, values.subarray(start, start + block)]));
    for (const [name, values] of Object.entries(evaluate(derived, feeds))) {
      if (name === gradientName) values.forEach((value, t) => (weights[start + t] = value === 0 ? 0 : -value));
      else sums[name] = (sums[name] ?? 0) + (values[0] as number);
    }
  }
  const { loss = 0, ...metrics } = sums;
  let at = 0;
  return { loss, metrics, weights: sequences.map(({ targets }) => weights.slice(at, (at += targets.length))) };
}

/** The program over a block of tokens, with its gradient by the logprobs as one more output. */
function derive(program: LossProgram): Graph {
  const g = new GraphBuilder();
  const bindings: Record<string, Value> = {};
  for (const { name } of program.inputs) bindings[name] = g.input(name, 'f32', [block]);
  const logprobs = (bindings['logprobs'] ??= g.input('logprobs', 'f32', [block]));
  const terms = g.inline(program, bindings);
  const { loss } = terms;
  if (loss === undefined) throw new Error('the loss program has no output named loss');
  const [gradient] = gradients(g, loss, [logprobs]);
  return g.finish({ ...terms, [gradientName]: gradient as Value });
}
