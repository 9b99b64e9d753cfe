/** Runs of training programs, whose gradients are added where they belong. */
import { accumulatedParameter } from '../../models/programs.ts';
import type { Device } from './device.ts';
import { runProgram, Tensor, type CompiledProgram } from './session.ts';

/** By parameter of the program: the tensor over its gradient's buffer. */
type Gradients = ReadonlyMap<string, Tensor>;
type Feeds = Readonly<Record<string, Tensor>>;

/**
 * Runs a training program and adds every gradient to its parameter's; gives back the other outputs. On a device that keeps tensors, the sums
 * stay there until `collectGradients`.
 */
export async function runAccumulating(program: CompiledProgram, feeds: Feeds, gradients: Gradients): Promise<Record<string, Tensor>> {
  const { provider = 'cpu', device } = program.options;
  if (device !== undefined) return addThere(program, feeds, gradients, device);
  return provider === 'cpu' ? addInPlace(program, feeds, gradients) : addHere(program, feeds, gradients);
}

/** Every buffer is read and written by one node after the other (`test/backend/engine/accumulation.test.ts` and `selfCheck.ts` hold the runtime to that). */
async function addInPlace(program: CompiledProgram, feeds: Feeds, gradients: Gradients): Promise<Record<string, Tensor>> {
  const { inputNames, outputNames } = program.session;
  const results = buffersOf(outputNames, gradients);
  const fetches = { ...Object.fromEntries(outputNames.map((name) => [name, null])), ...results };
  const outputs = await runProgram(program, { ...feeds, ...buffersOf(inputNames, gradients) }, fetches);
  return without(outputs, results);
}

/** A provider with memory of its own reads all buffers before it writes any, so the places that add to one parameter would undo each other. */
async function addHere(program: CompiledProgram, feeds: Feeds, gradients: Gradients): Promise<Record<string, Tensor>> {
  const { inputNames, outputNames } = program.session;
  const zeros = Object.entries(buffersOf(inputNames, gradients)).map(([name, { size, dims }]) => [
    name,
    new Tensor('float32', new Float32Array(size), dims),
  ]);
  const outputs = await runProgram(program, { ...feeds, ...(Object.fromEntries(zeros) as Feeds) });
  const results = buffersOf(outputNames, gradients);
  for (const [name, sum] of Object.entries(results)) addTo(sum, (outputs[name] as Tensor).data as Float32Array);
  return without(outputs, results);
}

async function addThere(program: CompiledProgram, feeds: Feeds, gradients: Gradients, device: Device): Promise<Record<string, Tensor>> {
  const { inputNames, outputNames } = program.session;
  const sums: Record<string, Tensor> = {};
  for (const [name, own] of Object.entries(buffersOf(inputNames, gradients))) {
    sums[name] = device.gradients.get(own)?.get(placeOf(name)) ?? (await device.zeros(own.dims));
  }
  const outputs = await runProgram(program, { ...feeds, ...sums });
  const results = buffersOf(outputNames, gradients);
  for (const [name, own] of Object.entries(results)) {
    const places = device.gradients.get(own) ?? new Map<string, Tensor>();
    places.get(placeOf(name))?.dispose();
    device.gradients.set(own, places.set(placeOf(name), outputs[name] as Tensor));
  }
  return without(outputs, results);
}

/** Adds what a device has summed up to the buffers it belongs to. */
export async function collectGradients(device: Device): Promise<void> {
  for (const [own, places] of device.gradients) for (const sum of places.values()) addTo(own, await device.download(sum));
  dropGradients(device);
}

/** Forgets what a device has summed up. */
export function dropGradients({ gradients }: Device): void {
  for (const places of gradients.values()) for (const sum of places.values()) sum.dispose();
  gradients.clear();
}

function addTo({ data }: Tensor, added: Float32Array): void {
  const sum = data as Float32Array;
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (added[i] as number);
}

/** Which of the places that a parameter is used in an accumulator or a gradient is of. */
function placeOf(name: string): string {
  return /\+\d+$/.exec(name)?.[0] ?? '';
}

function without(outputs: Readonly<Record<string, Tensor>>, results: Feeds): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(outputs).filter(([name]) => !(name in results)));
}

/** The buffers of those inputs or outputs that are accumulators. */
export function buffersOf(names: readonly string[], gradients: Gradients): Record<string, Tensor> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const buffer = gradients.get(accumulatedParameter(name) ?? '');
      return buffer === undefined ? [] : [[name, buffer] as const];
    }),
  );
}
