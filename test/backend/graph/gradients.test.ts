import { describe, expect, it } from 'vitest';
import { Rng } from '../../../backend/core/rng.ts';
import { gradients } from '../../../backend/graph/autodiff.ts';
import { GraphBuilder } from '../../../backend/graph/builder.ts';
import { type Graph, sizeOf, type Value } from '../../../backend/graph/ir.ts';
import type { OpName } from '../../../backend/graph/ops.ts';
import { evaluate } from '../../../backend/graph/reference.ts';
import { ruleOf } from '../../../backend/graph/rules.ts';
import { emitCase, feedsOf, type OpCase } from './cases/opCase.ts';
import { differences } from './finiteDifferences.ts';
import { opCases } from './opCases.ts';
import { relativeError, runOnnx } from './runOnnx.ts';

/** loss = Σ w · output over the outputs that carry a gradient, with random w; and its gradient for each free f32 input. */
function lossAndGradients(op: OpName, opCase: OpCase): { graph: Graph; names: readonly string[] } {
  const g = new GraphBuilder();
  const { inputs, outputs } = emitCase(g, opCase);
  const rng = Rng.of(3, opCase.title);
  const weighted = outputs
    // The second outputs of attention and rmsNorm take no gradient.
    .filter((value, i) => value.dtype === 'f32' && ((op !== 'attention' && op !== 'rmsNorm') || i === 0))
    .map((value) =>
      g.sum(
        g.mul(
          value,
          g.constant(
            'f32',
            value.shape,
            Array.from({ length: sizeOf(value.shape) }, () => rng.normal()),
          ),
        ),
      ),
    );
  const loss = weighted.reduce((a, b) => g.add(a, b));
  const names = Object.keys(inputs).filter((name) => (inputs[name] as Value).dtype === 'f32' && !opCase.fixed?.includes(name));
  const found = gradients(
    g,
    loss,
    names.map((name) => inputs[name] as Value),
  );
  return { graph: g.finish({ loss, ...Object.fromEntries(names.map((name, i) => [`d_${name}`, found[i] as Value])) }), names };
}

const differentiable = (Object.keys(opCases) as OpName[]).filter((op) => ruleOf(op).gradient !== 'none');

describe('the gradient of an op', () => {
  for (const op of differentiable) {
    const cases = opCases[op].filter((opCase) => opCase.kinked !== true && Object.values(opCase.inputs).some(({ dtype }) => dtype === 'f32'));

    it(`${op} equals central differences`, () => {
      const [wanted, reached] = [new Set<string>(), new Set<string>()];
      for (const opCase of cases) {
        const { graph, names } = lossAndGradients(op, opCase);
        const feeds = feedsOf(opCase);
        const results = evaluate(graph, feeds);
        const lossOnly = { ...graph, outputs: graph.outputs.filter(({ name }) => name === 'loss') };
        for (const name of names) {
          wanted.add(name);
          const found = results[`d_${name}`] as Float64Array;
          const expected = differences(lossOnly, feeds, name, [...found.keys()]);
          expect(relativeError(found, expected, 0.01), `${opCase.title}, d ${name}`).toBeLessThan(1e-7);
          if (found.some((value) => value !== 0)) reached.add(name);
        }
      }
      // Zeros would pass where the op is flat; each operand must have been seen to carry a gradient in some case.
      expect(wanted.size).toBeGreaterThan(0);
      expect(reached).toEqual(wanted);
    });

    it(`${op} is the same in onnxruntime`, async () => {
      for (const opCase of cases) {
        const { graph } = lossAndGradients(op, opCase);
        const feeds = feedsOf(opCase);
        const expected = evaluate(graph, feeds);
        const actual = await runOnnx(graph, feeds, true);
        for (const { name } of graph.outputs) {
          expect(relativeError(actual[name]?.values ?? [], expected[name] ?? []), `${opCase.title}, ${name}`).toBeLessThan(3e-6);
        }
      }
    });
  }

  const pairs: { title: string; build: (g: GraphBuilder, a: Value, b: Value) => Value; da: number[]; db: number[] }[] = [
    { title: 'min at a tie goes to the first operand', build: (g, a, b) => g.min(a, b), da: [1, 1, 0], db: [0, 0, 1] },
    { title: 'max at a tie goes to the first operand', build: (g, a, b) => g.max(a, b), da: [1, 0, 1], db: [0, 1, 0] },
    { title: 'clamp passes at its ends', build: (g, a) => g.clamp(a, -1, 1), da: [1, 1, 0], db: [0, 0, 0] },
    { title: 'stopGradient passes nothing', build: (g, a, b) => g.mul(g.stopGradient(a), b), da: [0, 0, 0], db: [1, -1, 3] },
    { title: 'where passes to the chosen branch', build: (g, a, b) => g.where(g.less(a, 2), a, b), da: [1, 1, 0], db: [0, 0, 1] },
    { title: 'a value used twice gets both parts', build: (g, a, b) => g.add(g.mul(a, b), g.mul(a, a)), da: [3, -2, 8], db: [1, -1, 3] },
  ];
  for (const { title, build, da, db } of pairs) {
    it(title, () => {
      const g = new GraphBuilder();
      const [a, b] = [g.input('a', 'f32', [3]), g.input('b', 'f32', [3])];
      const [gradientA, gradientB] = gradients(g, g.sum(build(g, a, b)), [a, b]) as [Value, Value];
      const results = evaluate(g.finish({ da: gradientA, db: gradientB }), { a: [1, -1, 3], b: [1, 0, 2] });
      expect({ da: [...(results['da'] ?? [])].map((x) => x + 0), db: [...(results['db'] ?? [])].map((x) => x + 0) }).toEqual({ da, db });
    });
  }

  it('is zeros for a value that the loss does not depend on', () => {
    const g = new GraphBuilder();
    const [a, b] = [g.input('a', 'f32', []), g.input('b', 'f32', [2])];
    const [db] = gradients(g, g.exp(a), [b]) as [Value];
    expect(evaluate(g.finish({ db }), { a: [1], b: [1, 2] })['db']).toEqual(Float64Array.of(0, 0));
  });

  it('reaches values inside the graph', () => {
    const g = new GraphBuilder();
    const a = g.input('a', 'f32', [2]);
    const squared = g.mul(a, a);
    const [d] = gradients(g, g.sum(g.mul(squared, squared)), [squared]) as [Value];
    expect(evaluate(g.finish({ d }), { a: [1, 3] })['d']).toEqual(Float64Array.of(2, 18));
  });

  it('refuses a gradient of what an op takes for a constant', () => {
    const g = new GraphBuilder();
    const [x, cos, sin] = [g.input('x', 'f32', [1, 1, 2, 4]), g.input('cos', 'f32', [2, 2]), g.input('sin', 'f32', [2, 2])];
    const turned = g.rope(x, cos, sin, g.constant('i32', [1, 2], [0, 1]));
    expect(() => gradients(g, g.sum(turned), [cos])).toThrow('rope gives no gradient to its tables');
    const [q, mask] = [g.input('q', 'f32', [1, 2, 4]), g.input('mask', 'f32', [2, 2])];
    expect(() => gradients(g, g.sum(g.attention(q, q, q, mask, 1)), [mask])).toThrow('attention gives no gradient to its mask');
  });

  it('asks for a scalar loss', () => {
    const g = new GraphBuilder();
    const a = g.input('a', 'f32', [2]);
    expect(() => gradients(g, a, [a])).toThrow(/scalar/);
  });
});
