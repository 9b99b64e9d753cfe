/** What `forwardBackward` has found out and the server has not yet been told. */
import type { ForwardSequence } from '../contract.ts';
import { advantageFactor, type GradientScale } from './scale.ts';
import { backwardDatum, type Datum } from './wire.ts';

export interface PendingGradient {
  readonly sequence: ForwardSequence;
  /** Of the targets, under the weights as they are. */
  readonly logprobs: Float32Array;
  /** −∂L/∂logπ of the targets. */
  readonly weights: Float64Array;
}

/** All that one optimizer step is made of: under `mean`, how much a sequence counts depends on how many there are. */
export function backwardData(pending: readonly PendingGradient[], scale: GradientScale): Datum[] {
  return pending.map(({ sequence: { tokens, targets }, logprobs, weights }) => {
    const spread = { logprobs: zeros(tokens.length - 1), advantages: zeros(tokens.length - 1) };
    const factor = advantageFactor(scale, { targets: tokens.length - 1, sequences: pending.length });
    targets.forEach((at, t) => {
      spread.logprobs[at - 1] = logprobs[t] as number;
      spread.advantages[at - 1] = factor * (weights[t] as number);
    });
    return backwardDatum(tokens, spread);
  });
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}
