import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../backend/graph/builder.ts';
import type { Graph } from '../../../backend/graph/ir.ts';
import { evaluate } from '../../../backend/graph/reference.ts';
import { emitCase, feedsOf, type OpCase } from './cases/opCase.ts';
import { opCases } from './opCases.ts';
import { relativeError, runOnnx } from './runOnnx.ts';

function graphOf(opCase: OpCase): Graph {
  const g = new GraphBuilder();
  const { outputs } = emitCase(g, opCase);
  return g.finish(Object.fromEntries(outputs.map((value, i) => [`out${i}`, value])));
}

// Single precision keeps 6e-8 a rounding; the cases add up at most a few dozen of them.
const tolerance = 3e-6;

describe('an op in onnxruntime gives what the reference evaluator gives', () => {
  for (const [op, cases] of Object.entries(opCases)) {
    it(`${op}`, async () => {
      for (const opCase of cases) {
        const graph = graphOf(opCase);
        const feeds = feedsOf(opCase);
        const expected = evaluate(graph, feeds);
        for (const fused of [true, false]) {
          const actual = await runOnnx(graph, feeds, fused);
          for (const { name, value } of graph.outputs) {
            const { dtype, shape } = graph.values[value] as Graph['values'][number];
            const where = `${opCase.title}, ${name}, ${fused ? 'fused' : 'standard'} form`;
            const result = actual[name];
            expect(result?.shape, where).toEqual(shape);
            expect(relativeError(result?.values ?? [], expected[name] ?? []), where).toBeLessThanOrEqual(dtype === 'f32' ? tolerance : 0);
          }
        }
      }
    });
  }
});
