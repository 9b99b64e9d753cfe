/** Runs of training programs, whose gradients are added where they belong. */
import { accumulatedParameter } from '../../models/programs.ts';
import { runProgram, type CompiledProgram, type Tensor } from './session.ts';

/**
 * Runs a training program; every gradient is added into its parameter's buffer, which is read and written by one node after the other
 * (`test/backend/engine/accumulation.test.ts` and `selfCheck.ts` hold the runtime to that). Gives back the other outputs.
 */
export async function runAccumulating(
  program: CompiledProgram,
  feeds: Readonly<Record<string, Tensor>>,
  gradients: ReadonlyMap<string, Tensor>,
): Promise<Record<string, Tensor>> {
  const { inputNames, outputNames } = program.session;
  const results = buffersOf(outputNames, gradients);
  const fetches = { ...Object.fromEntries(outputNames.map((name) => [name, null])), ...results };
  const outputs = await runProgram(program, { ...feeds, ...buffersOf(inputNames, gradients) }, fetches);
  return Object.fromEntries(Object.entries(outputs).filter(([name]) => !(name in results)));
}

/** The buffers of those inputs or outputs that are accumulators. */
export function buffersOf(names: readonly string[], gradients: ReadonlyMap<string, Tensor>): Record<string, Tensor> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const buffer = gradients.get(accumulatedParameter(name) ?? '');
      return buffer === undefined ? [] : [[name, buffer] as const];
    }),
  );
}
