/** Rotary tables: the cosine and sine of every position's angles, with the published scalings of the frequencies. */
import type { RopeConfig } from './config.ts';

export interface RopeTables {
  /** [positions, headDim / 2], row-major. */
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

/** Frequency of each pair of dimensions (i, i + headDim/2), and the factor that scales cosine and sine (1 but for yarn). */
export interface RopeFrequencies {
  readonly frequencies: readonly number[];
  readonly attentionFactor: number;
}

export function ropeTables(rope: RopeConfig, headDim: number, positions: number): RopeTables {
  const { frequencies, attentionFactor } = ropeFrequencies(rope, headDim, positions);
  const half = headDim / 2;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < half; i++) {
      const angle = position * (frequencies[i] as number);
      cos[position * half + i] = Math.cos(angle) * attentionFactor;
      sin[position * half + i] = Math.sin(angle) * attentionFactor;
    }
  }
  return { cos, sin };
}

/** `length` matters to dynamic scaling only: the longest sequence the tables are for. */
export function ropeFrequencies({ theta, scaling }: RopeConfig, headDim: number, length: number): RopeFrequencies {
  const frequenciesOf = (base: number): number[] => Array.from({ length: headDim / 2 }, (_, i) => base ** ((-2 * i) / headDim));
  const plain = frequenciesOf(theta);
  if (scaling === null) return { frequencies: plain, attentionFactor: 1 };
  switch (scaling.type) {
    case 'linear':
      return { frequencies: plain.map((frequency) => frequency / scaling.factor), attentionFactor: 1 };
    case 'dynamic': {
      // NTK-aware: the base grows with the length beyond the trained one.
      const beyond = Math.max(length, scaling.originalMaxPositions);
      const stretch = (scaling.factor * beyond) / scaling.originalMaxPositions - (scaling.factor - 1);
      return { frequencies: frequenciesOf(theta * stretch ** (headDim / (headDim - 2))), attentionFactor: 1 };
    }
    case 'llama3': {
      // Long waves are slowed down by the factor, short ones kept, those between interpolated.
      const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalMaxPositions } = scaling;
      const frequencies = plain.map((frequency) => {
        const turns = (originalMaxPositions * frequency) / (2 * Math.PI);
        if (turns < low) return frequency / factor;
        if (turns > high) return frequency;
        const share = (turns - low) / (high - low);
        return ((1 - share) * frequency) / factor + share * frequency;
      });
      return { frequencies, attentionFactor: 1 };
    }
    case 'yarn': {
      // Peng et al. 2023, "YaRN": between the dimensions that turn betaFast and betaSlow times over the trained length, a ramp.
      const { factor, betaFast, betaSlow, originalMaxPositions, attentionFactor, truncate } = scaling;
      const dimensionOf = (turns: number): number => (headDim * Math.log(originalMaxPositions / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
      const first = truncate ? Math.floor(dimensionOf(betaFast)) : dimensionOf(betaFast);
      const last = truncate ? Math.ceil(dimensionOf(betaSlow)) : dimensionOf(betaSlow);
      const low = Math.max(first, 0);
      const high = Math.min(last, headDim - 1);
      const frequencies = plain.map((frequency, i) => {
        const ramp = Math.min(1, Math.max(0, (i - low) / (high === low ? 0.001 : high - low)));
        return frequency * (1 - ramp) + (frequency / factor) * ramp;
      });
      return { frequencies, attentionFactor };
    }
  }
}
