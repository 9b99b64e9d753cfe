/** The undocumented behavior that the engine rests on: a run may add into the very buffer that it reads. Guards upgrades of the runtime. */
import { describe, expect, it } from 'vitest';
import { compile, runProgram, Tensor } from '../../../backend/engine/local/session.ts';
import { GraphBuilder } from '../../../backend/graph/builder.ts';
import type { Value } from '../../../backend/graph/ir.ts';
import { accumulate, leavesLast } from '../../../backend/graph/passes.ts';
import { largestDifference } from './goldenEngines.ts';

const random = (count: number, seed: number): Float32Array => Float32Array.from({ length: count }, (_, i) => Math.sin(seed + 12.9898 * i));

describe.each([
  { rows: 64, columns: 96, inner: 48 },
  { rows: 300, columns: 260, inner: 130 },
])('accumulating [$rows, $columns] in place', ({ rows, columns, inner }) => {
  it.each(['a product', 'a sum'])('adds %s three times, exactly once each', async (kind) => {
    const g = new GraphBuilder();
    const [a, b, sum] = [g.input('a', 'f32', [rows, inner]), g.input('b', 'f32', [columns, inner]), g.input('sum', 'f32', [rows, columns])];
    const product = g.gemm(a, b, undefined, { transposeB: true });
    const total = accumulate(g, sum, kind === 'a product' ? product : g.mul(product, g.sigmoid(product)));
    const program = await compile(leavesLast(g.finish({ total })), { threads: 2 });

    const left = random(rows * inner, 1);
    const right = random(columns * inner, 2);
    const accumulator = random(rows * columns, 3);
    const expected = Float64Array.from(accumulator);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        let dot = 0;
        for (let i = 0; i < inner; i++) dot += (left[row * inner + i] as number) * (right[column * inner + i] as number);
        expected[row * columns + column] =
          (expected[row * columns + column] as number) + 3 * (kind === 'a product' ? dot : dot / (1 + Math.exp(-dot)));
      }
    }
    const shared = new Tensor('float32', accumulator, [rows, columns]);
    const feeds = { a: new Tensor('float32', left, [rows, inner]), b: new Tensor('float32', right, [columns, inner]), sum: shared };
    for (let run = 0; run < 3; run++) await runProgram(program, feeds, { total: shared });
    await program.session.release();
    expect(largestDifference(accumulator, expected)).toBeLessThan(2e-4);
  });
});

it('adds what comes from two places into one buffer', async () => {
  const [tokens, width, vocabulary] = [24, 40, 30];
  const g = new GraphBuilder();
  const [x, d, rows] = [g.input('x', 'f32', [tokens, width]), g.input('d', 'f32', [tokens, vocabulary]), g.input('rows', 'i32', [tokens])];
  const [first, second] = ['first', 'second'].map((name) => g.input(name, 'f32', [vocabulary, width])) as [Value, Value];
  // A tied head and its embedding.
  const ofHead = accumulate(g, first, g.gemm(d, x, undefined, { transposeA: true }));
  const ofEmbedding = accumulate(g, second, g.scatterAddRows(rows, g.mul(x, x), vocabulary));
  const program = await compile(leavesLast(g.finish({ ofHead, ofEmbedding })), { threads: 2 });

  const [xs, ds] = [random(tokens * width, 1), random(tokens * vocabulary, 2)];
  const indices = Int32Array.from({ length: tokens }, (_, t) => (7 * t) % 11);
  const accumulator = random(vocabulary * width, 3);
  const expected = Float64Array.from(accumulator);
  for (let t = 0; t < tokens; t++) {
    for (let i = 0; i < width; i++) {
      const value = xs[t * width + i] as number;
      for (let v = 0; v < vocabulary; v++) {
        const added = (ds[t * vocabulary + v] as number) * value + (v === indices[t] ? value * value : 0);
        expected[v * width + i] = (expected[v * width + i] as number) + 3 * added;
      }
    }
  }
  const shared = new Tensor('float32', accumulator, [vocabulary, width]);
  const feeds = {
    x: new Tensor('float32', xs, [tokens, width]),
    d: new Tensor('float32', ds, [tokens, vocabulary]),
    rows: new Tensor('int32', indices, [tokens]),
    first: shared,
    second: shared,
  };
  for (let run = 0; run < 3; run++) await runProgram(program, feeds, { ofHead: shared, ofEmbedding: shared });
  await program.session.release();
  expect(largestDifference(accumulator, expected)).toBeLessThan(2e-4);
});
