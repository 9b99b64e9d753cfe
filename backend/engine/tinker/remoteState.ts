/** What a checkpoint of a run on a Tinker server holds: where on the server weights and moments are. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, WorkbenchError } from '../../core/errors.ts';

export const remoteStateFile = 'tinker.json';

const schema = z.object({
  /** For people: the run goes on wherever `engine.tinker.baseUrl` leads to. */
  server: z.string(),
  baseModel: z.string(),
  loraRank: z.int().min(0),
  /** `tinker://model/weights/name` */
  path: z.string().regex(/^tinker:\/\//),
  policyVersion: z.int().min(0),
});
export type RemoteState = z.infer<typeof schema>;

export async function writeRemoteState(folder: string, state: RemoteState): Promise<void> {
  await writeFile(join(folder, remoteStateFile), `${JSON.stringify(state, null, 2)}\n`);
}

/** Throws `checkpoint.damaged`, or `checkpoint.otherModel` for one of another model or rank. */
export async function readRemoteState(
  folder: string,
  { baseModel, loraRank }: { readonly baseModel: string; readonly loraRank: number },
): Promise<RemoteState> {
  const path = join(folder, remoteStateFile);
  let state: RemoteState;
  try {
    state = schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new WorkbenchError({
      code: 'checkpoint.damaged',
      message: `The checkpoint's ${path} cannot be used (${error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error)}).`,
      remedy: 'A run goes on where it began: on a Tinker server if it was started on one. Else resume from an earlier checkpoint.',
    });
  }
  if (state.baseModel === baseModel && state.loraRank === loraRank) return state;
  throw new WorkbenchError({
    code: 'checkpoint.otherModel',
    message: `The checkpoint ${folder} is of ${state.baseModel} with rank ${state.loraRank}; the run is of ${baseModel} with rank ${loraRank}.`,
    remedy: 'Resume with the configuration it was made with.',
  });
}

export function lostCheckpointError(server: string, folder: string, { path }: RemoteState, why: string): WorkbenchError {
  return new WorkbenchError({
    code: 'checkpoint.lost',
    message: `The Tinker server ${server} does not have the checkpoint ${path} that ${folder} names (${why}).`,
    remedy:
      'Resume with the server, its database and its checkpoint folder that the run was started with; else delete that folder to go on from the checkpoint before, or start a new run.',
  });
}
