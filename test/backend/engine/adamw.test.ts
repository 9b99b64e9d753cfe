/** AdamW and clipping by global norm against PyTorch, and what `optimStep` does with them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { OptimStepRequest } from '../../../backend/engine/contract.ts';
import { adamW, clipScale, globalNorm, type AdamWParameter } from '../../../backend/engine/local/adamw.ts';
import { largestDifference } from './goldenEngines.ts';

type Tensors = Readonly<Record<string, readonly number[]>>;

interface AdamWGolden {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly initial: Tensors;
  readonly gradients: readonly Tensors[];
  readonly cases: readonly {
    readonly name: string;
    readonly request: OptimStepRequest;
    readonly expected: Readonly<
      Record<
        'float64' | 'float32',
        {
          readonly steps: readonly { readonly gradientNorm: number; readonly parameters: Tensors }[];
          readonly firstMoment: Tensors;
          readonly secondMoment: Tensors;
        }
      >
    >;
  }[];
}

const golden = JSON.parse(readFileSync(new URL('../../golden/adamw.json', import.meta.url), 'utf8')) as AdamWGolden;
const names = Object.keys(golden.shapes);

function parameters(): AdamWParameter[] {
  return names.map((name) => {
    const values = Float32Array.from(golden.initial[name] as number[]);
    const zeros = () => new Float32Array(values.length);
    return { spec: { decays: (golden.shapes[name] as number[]).length > 1 }, values, gradient: zeros(), firstMoment: zeros(), secondMoment: zeros() };
  });
}

describe('AdamW', () => {
  it.each(golden.cases)('makes the updates of PyTorch: $name', ({ request, expected }) => {
    const trained = parameters();
    golden.gradients.forEach((gradients, step) => {
      trained.forEach(({ gradient }, i) => gradient.set(gradients[names[i] as string] as number[]));
      const norm = globalNorm(trained);
      adamW(trained, request, step + 1, clipScale(norm, request.gradientClip));
      const { gradientNorm: expectedNorm, parameters: values } = expected.float64.steps[step] as (typeof expected.float64.steps)[number];
      expect(Math.abs(norm - expectedNorm) / expectedNorm).toBeLessThan(1e-6);
      trained.forEach((parameter, i) =>
        expect(largestDifference(parameter.values, values[names[i] as string] as number[]), `step ${step}`).toBeLessThan(1e-6),
      );
    });
    trained.forEach(({ firstMoment, secondMoment }, i) => {
      expect(largestDifference(firstMoment, expected.float64.firstMoment[names[i] as string] as number[])).toBeLessThan(1e-6);
      expect(largestDifference(secondMoment, expected.float64.secondMoment[names[i] as string] as number[])).toBeLessThan(1e-6);
    });
  });

  it('leaves a zero gradient and a gradient below the clip as they are', () => {
    expect(clipScale(0, 1)).toBe(1);
    expect(clipScale(0.5, 1)).toBe(1);
    expect(clipScale(4, 1)).toBeCloseTo(0.25, 6);
    expect(clipScale(4, null)).toBe(1);
  });

  it('sees one infinite or NaN gradient in the norm', () => {
    for (const bad of [Infinity, -Infinity, NaN]) {
      const [first] = parameters() as [AdamWParameter];
      first.gradient[3] = bad;
      expect(Number.isFinite(globalNorm([first]))).toBe(false);
    }
  });
});
