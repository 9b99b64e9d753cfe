/** AdamW in place over plain arrays (Loshchilov & Hutter 2019, algorithm 2), and the global gradient norm. */
import type { OptimStepRequest } from '../contract.ts';

/** What an update reads and changes of a parameter. */
export interface AdamWParameter {
  readonly spec: { readonly decays: boolean };
  readonly values: Float32Array;
  readonly gradient: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
}

/** √Σ g² over all parameters, in double precision; not finite if any gradient is not. */
export function globalNorm(parameters: readonly Pick<AdamWParameter, 'gradient'>[]): number {
  let total = 0;
  for (const { gradient } of parameters) {
    let squares = 0;
    for (let i = 0; i < gradient.length; i++) squares += (gradient[i] as number) * (gradient[i] as number);
    total += squares;
  }
  return Math.sqrt(total);
}

/** The factor that brings a gradient of this norm down to the clip. As in PyTorch's clip_grad_norm_: the 1e-6 keeps a norm of exactly 0 harmless. */
export function clipScale(norm: number, clip: number | null): number {
  return clip === null ? 1 : Math.min(1, clip / (norm + 1e-6));
}

/**
 * One update, number `update` counted from 1. Gradients are scaled by `gradientScale` (clipping) as they are read.
 * Bias-corrected as in PyTorch: denominator √(v / (1 − β₂ᵗ)) + ε.
 */
export function adamW(parameters: readonly AdamWParameter[], request: OptimStepRequest, update: number, gradientScale: number): void {
  const { learningRate, beta1, beta2, epsilon } = request;
  const stepSize = learningRate / (1 - beta1 ** update);
  const secondScale = 1 / Math.sqrt(1 - beta2 ** update);
  for (const { spec, values, gradient, firstMoment, secondMoment } of parameters) {
    const keep = spec.decays ? 1 - learningRate * request.weightDecay : 1;
    for (let i = 0; i < values.length; i++) {
      const g = (gradient[i] as number) * gradientScale;
      const m = beta1 * (firstMoment[i] as number) + (1 - beta1) * g;
      const v = beta2 * (secondMoment[i] as number) + (1 - beta2) * g * g;
      firstMoment[i] = m;
      secondMoment[i] = v;
      values[i] = (values[i] as number) * keep - (stepSize * m) / (Math.sqrt(v) * secondScale + epsilon);
    }
  }
}
