import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { philox, Rng } from '../../../backend/core/rng.ts';

const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe('philox', () => {
  // Known answers of the Random123 distribution (kat_vectors, philox4x32 with 10 rounds).
  const ones = 0xffffffff;
  const cases: { counter: [number, number, number, number]; key: [number, number]; block: number[] }[] = [
    { counter: [0, 0, 0, 0], key: [0, 0], block: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
    { counter: [ones, ones, ones, ones], key: [ones, ones], block: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd] },
    {
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      key: [0xa4093822, 0x299f31d0],
      block: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    },
  ];
  for (const { counter, key, block } of cases) {
    it(`answers as published for the counter ${counter.map((word) => word.toString(16)).join(' ')}`, () => {
      expect(philox(counter, key)).toEqual(block);
    });
  }
});

describe('Rng', () => {
  const words = (rng: Rng, count: number): number[] => Array.from({ length: count }, () => rng.uint32());

  it('draws the lanes of consecutive Philox blocks', () => {
    const rng = Rng.of(5);
    expect(words(rng, 8)).toEqual([...philox([0, 0, 0, 0], [5, 0]), ...philox([1, 0, 0, 0], [5, 0])]);
  });

  it('goes on exactly from any stored state', () => {
    fc.assert(
      fc.property(seeds, fc.nat(40), (seed, drawn) => {
        const rng = Rng.of(seed, 'order', 3);
        words(rng, drawn);
        const stored: unknown = JSON.parse(JSON.stringify(rng.state()));
        expect(words(Rng.restore(stored as ReturnType<Rng['state']>), 9)).toEqual(words(rng, 9));
      }),
    );
  });

  it('crosses the 32-bit boundary of the block counter', () => {
    const state = { key: [1, 2] as const, position: 4 * 0x100000000 };
    expect(words(Rng.restore(state), 4)).toEqual(philox([0, 1, 0, 0], [1, 2]));
  });

  it('gives every seed and list of labels a stream of its own', () => {
    const streams = [
      Rng.of(0),
      Rng.of(1),
      Rng.of(0x100000000),
      Rng.of(0, 'a'),
      Rng.of(0, 'b'),
      Rng.of(0, 'a', 'b'),
      Rng.of(0, 'b', 'a'),
      Rng.of(0, 1),
      Rng.of(0, '1'),
    ];
    const keys = streams.map((rng) => words(rng, 4).join());
    expect(new Set(keys).size).toBe(streams.length);
  });

  it('does not correlate neighboring streams', () => {
    const nDraws = 4000;
    const draws = [0, 1].map((label) => {
      const rng = Rng.of(7, 'rollout', label);
      return Array.from({ length: nDraws }, () => rng.uniform() - 0.5);
    });
    const correlation = draws[0]!.reduce((total, x, i) => total + x * draws[1]![i]!, 0) / nDraws / (1 / 12);
    // Standard error 1/sqrt(4000) = 0.016.
    expect(Math.abs(correlation)).toBeLessThan(0.07);
  });

  it('is uniform in [0, 1)', () => {
    const nDraws = 20_000;
    const nBins = 20;
    const rng = Rng.of(11);
    const bins = new Array<number>(nBins).fill(0);
    for (let i = 0; i < nDraws; i++) {
      const x = rng.uniform();
      expect(x >= 0 && x < 1).toBe(true);
      bins[Math.floor(x * nBins)]!++;
    }
    const chiSquare = bins.reduce((total, count) => total + (count - nDraws / nBins) ** 2 / (nDraws / nBins), 0);
    // 19 degrees of freedom: 99.9 % quantile 43.8.
    expect(chiSquare).toBeLessThan(43.8);
  });

  it('draws integers within both ends, each of them', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: -50, max: 50 }), fc.integer({ min: 0, max: 6 }), (seed, low, span) => {
        const rng = Rng.of(seed);
        const drawn = new Set(Array.from({ length: 300 }, () => rng.integer(low, low + span)));
        expect([...drawn].sort((a, b) => a - b)).toEqual(Array.from({ length: span + 1 }, (_, i) => low + i));
      }),
      { numRuns: 50 },
    );
  });

  it('draws normals of mean 0 and variance 1', () => {
    const nDraws = 20_000;
    const rng = Rng.of(3);
    const draws = Array.from({ length: nDraws }, () => rng.normal());
    const center = draws.reduce((a, b) => a + b, 0) / nDraws;
    const variance = draws.reduce((total, x) => total + x * x, 0) / nDraws;
    expect(Math.abs(center)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
  });

  it('shuffles without losing or inventing anything, and leaves its argument alone', () => {
    fc.assert(
      fc.property(seeds, fc.array(fc.integer()), (seed, list) => {
        const before = [...list];
        const shuffled = Rng.of(seed).shuffle(list);
        expect([...shuffled].sort()).toEqual([...list].sort());
        expect(list).toEqual(before);
      }),
    );
  });

  it('shuffles into every order alike', () => {
    const rng = Rng.of(2);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = rng.shuffle(['a', 'b', 'c']).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
  });

  it('samples distinct elements, and picks from what is there', () => {
    const list = [1, 2, 3, 4, 5];
    const rng = Rng.of(9);
    expect(new Set(rng.sample(list, 3)).size).toBe(3);
    expect(list).toContain(rng.pick(list));
    expect(() => rng.pick([])).toThrow('the list is empty');
  });
});
