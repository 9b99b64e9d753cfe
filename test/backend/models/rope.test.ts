/** Rotary tables against transformers, for every published scaling. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decoderConfig } from '../../../backend/models/configJson.ts';
import { ropeFrequencies, ropeTables } from '../../../backend/models/rope.ts';
import type { Json } from './folders.ts';

interface RopeCase {
  readonly name: string;
  readonly config: Json;
  readonly sequenceLength: number | null;
  readonly expected: { readonly inverseFrequencies: readonly number[]; readonly attentionFactor: number };
}

const golden = JSON.parse(readFileSync(new URL('../../golden/rope.json', import.meta.url), 'utf8')) as { readonly cases: readonly RopeCase[] };
const noTraits = { qkvBias: false, outputBias: false, mlpBias: false, qkNorm: false };

/** The golden file names only what matters to rotary positions. */
function configOf(json: Json) {
  return decoderConfig({ vocab_size: 1, num_hidden_layers: 1, intermediate_size: 1, ...json }, noTraits);
}

describe.each(golden.cases)('$name', ({ config, sequenceLength, expected }) => {
  const { rope, headDim } = configOf(config);

  it('has the frequencies of transformers', () => {
    const { frequencies, attentionFactor } = ropeFrequencies(rope, headDim, sequenceLength ?? 1);
    expect(frequencies).toHaveLength(expected.inverseFrequencies.length);
    frequencies.forEach((frequency, i) => expect(Math.abs(frequency / (expected.inverseFrequencies[i] as number) - 1)).toBeLessThan(1e-10));
    expect(attentionFactor).toBeCloseTo(expected.attentionFactor, 10);
  });

  it('has the tables of those frequencies', () => {
    const positions = sequenceLength ?? 300;
    const { cos, sin } = ropeTables(rope, headDim, positions);
    const half = headDim / 2;
    expect([cos.length, sin.length]).toEqual([positions * half, positions * half]);
    let largest = 0;
    for (let position = 0; position < positions; position++) {
      expected.inverseFrequencies.forEach((frequency, i) => {
        const at = position * half + i;
        largest = Math.max(largest, Math.abs((cos[at] as number) - Math.cos(position * frequency) * expected.attentionFactor));
        largest = Math.max(largest, Math.abs((sin[at] as number) - Math.sin(position * frequency) * expected.attentionFactor));
      });
    }
    expect(largest).toBeLessThan(1e-6);
  });

  it('is said in the words of newer versions alike', () => {
    const { rope_theta, rope_scaling, ...rest } = config;
    const newer = { ...rest, rope_parameters: { rope_type: 'default', rope_theta, ...(rope_scaling as Json | null) } };
    expect(configOf(newer).rope).toEqual(rope);
  });
});
