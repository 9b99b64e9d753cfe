/**
 * How a server adds up: the sum over all tokens (the Tinker service, SkyRL on FSDP or Megatron, verl), or the mean over sequences of the mean
 * over a sequence's tokens (SkyRL on JAX). The protocol does not say, so it is measured, by norms of gradients of a model made for that.
 */
import { WorkbenchError } from '../../core/errors.ts';

export type GradientScale = 'sum' | 'mean';

/** What each advantage is multiplied by, so that the server's gradient is the sum over tokens. */
export function advantageFactor(scale: GradientScale, { targets, sequences }: { readonly targets: number; readonly sequences: number }): number {
  return scale === 'sum' ? 1 : targets * sequences;
}

/** One token counts, of a sequence on its own; then the same token of a longer sequence, beside another one. */
export const probes = {
  alone: [{ targets: 3, advantages: [0, 0, 1] }],
  among: [
    { targets: 7, advantages: [0, 0, 1, 0, 0, 0, 0] },
    { targets: 5, advantages: [0, 0, 0, 0, 0] },
  ],
} as const;

/** |∇| of the second probe by that of the first. */
const expected: Readonly<Record<GradientScale, number>> = { sum: 1, mean: 3 / 7 / 2 };
/** Servers compute in bfloat16, or with kernels whose sums depend on the shape of a batch. */
const tolerance = 0.05;

/** Throws `engine.unknownScale` where the norms fit neither. */
export function scaleOf(server: string, alone: number | undefined, among: number | undefined): GradientScale {
  const ratio = (among ?? NaN) / (alone ?? NaN);
  for (const [scale, value] of Object.entries(expected)) if (Math.abs(ratio / value - 1) <= tolerance) return scale as GradientScale;
  const what = Number.isFinite(ratio)
    ? `a token in a longer sequence beside another one counts ${ratio.toPrecision(3)} times as much as alone`
    : 'it tells no norm of a gradient';
  throw new WorkbenchError({
    code: 'engine.unknownScale',
    message: `How the Tinker server ${server} adds up losses cannot be told: ${what}.`,
    remedy: 'Set engine.tinker.gradientScale to "sum" if its documentation says that losses are summed over tokens.',
  });
}

/** A norm among the numbers that a server tells of an optimizer step; undefined if it tells none. */
export function gradientNormOf(metrics: Readonly<Record<string, number>> | null | undefined): number | undefined {
  const known = Object.entries(metrics ?? {}).find(([name]) => /(?:^|[/.])(?:grad|gradient)_norm(?::|$)/.test(name));
  return known?.[1];
}
