/** Finds where a number stopped being finite, so that the error can name the op and the parameter next to it. */
import { WorkbenchError } from '../../core/errors.ts';
import type { Graph, Node } from '../../graph/ir.ts';
import { compile, runProgram, type CompiledProgram, type Tensor } from './session.ts';

/** How many intermediate values one diagnostic run may return, in bytes. */
const diagnosisBytes = 2 ** 30;

/**
 * Runs the program's graph again with every intermediate value as an output and names the first that is not finite. Inputs named in `ignored`
 * are results of earlier runs, not causes; `nameOf` gives an input the name that people know it by.
 */
export async function notFiniteError(
  { graph, options }: Pick<CompiledProgram, 'graph' | 'options'>,
  feeds: Readonly<Record<string, Tensor>>,
  ignored: (input: string) => boolean = () => false,
  nameOf: (input: string) => string = (input) => input,
): Promise<WorkbenchError> {
  const named = { ...graph, inputs: graph.inputs.map(({ name, value }) => ({ name: nameOf(name), value })) };
  const place = (await firstNonFinite({ graph: named, options }, renamed(feeds, nameOf), ignored)) ?? 'an output';
  return new WorkbenchError({
    code: 'engine.notFinite',
    message: `A value became infinite or NaN at ${place}. No update was made; the weights are those of the last good step.`,
    remedy: 'Lower the learning rate, set a gradient clip, or resume from an earlier checkpoint.',
  });
}

async function firstNonFinite(
  { graph, options }: Pick<CompiledProgram, 'graph' | 'options'>,
  feeds: Readonly<Record<string, Tensor>>,
  ignored: (input: string) => boolean,
): Promise<string | undefined> {
  const bad = graph.inputs.find(({ name }) => feeds[name] !== undefined && !ignored(name) && !isFiniteTensor(feeds[name]));
  if (bad !== undefined) return `the input ${bad.name}`;
  const inner = graph.nodes.flatMap((node) => node.outputs).filter((id) => graph.values[id]?.dtype === 'f32');
  const bytes = inner.reduce((sum, id) => sum + 4 * (graph.values[id]?.shape ?? []).reduce((product, size) => product * size, 1), 0);
  if (bytes > diagnosisBytes) return undefined;
  const program = await compile(
    { ...graph, outputs: inner.map((id) => ({ name: `value ${id}`, value: id })) },
    {
      ...options,
      threads: 1,
    },
  );
  try {
    const outputs = await runProgram(program, feeds);
    const first = graph.nodes.find((node) =>
      node.outputs.some((id) => outputs[`value ${id}`] !== undefined && !isFiniteTensor(outputs[`value ${id}`] as Tensor)),
    );
    return first === undefined ? undefined : describe(graph, first);
  } finally {
    await program.session.release();
  }
}

/** What stays on a device cannot be read here, and is what this finds the cause of, or was found finite before. */
function isFiniteTensor(tensor: Tensor): boolean {
  if (tensor.location !== 'cpu') return true;
  const { data } = tensor;
  return !(data instanceof Float32Array) || allFinite(data);
}

/** x − x is 0, and NaN where x is infinite or NaN: no branch, so that it costs little even on every activation. */
export function allFinite(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) - (values[i] as number);
  return sum === 0;
}

function renamed(feeds: Readonly<Record<string, Tensor>>, nameOf: (input: string) => string): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [nameOf(name), tensor]));
}

/** An op and the named inputs nearest above it. */
function describe(graph: Graph, node: Node): string {
  const names = new Map(graph.inputs.map(({ name, value }) => [value, name]));
  const producers = new Map(graph.nodes.flatMap((producer) => producer.outputs.map((id) => [id, producer] as const)));
  const seen = new Set<number>();
  let frontier = [...node.inputs];
  while (frontier.length > 0) {
    const found = frontier.map((id) => names.get(id)).filter((name) => name !== undefined);
    if (found.length > 0) return `op ${node.op} next to ${[...new Set(found)].join(', ')}`;
    frontier = frontier.flatMap((id) => (seen.has(id) ? [] : (seen.add(id), producers.get(id)?.inputs ?? [])));
  }
  return `op ${node.op}`;
}
