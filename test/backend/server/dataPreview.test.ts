/** Data can be looked at over the wire before there is a model. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { problems, writeProblems } from '../../support/scriptedRun.ts';
import { startTestBackend } from './testBackend.ts';

it.each([false, true])('a client previews a file of problems, alone and in a run file without a model; view-only: %s', async (isViewOnly) => {
  const backend = await startTestBackend({ isViewOnly });
  const client = await backend.connect();
  const train = writeProblems(join(backend.workspace, 'train.jsonl'), problems(6));
  const shown = await client.ask('data/preview', { source: { overrides: { 'data.train': train } }, verifiers: ['numeric', 'exact'], examples: 1 });
  expect(shown).toMatchObject({ problem: null, layout: 'workbench', trainProblems: 6, examples: [{ id: 'p0' }], promptTokens: null });
  expect(shown.verifiers).toMatchObject([
    { name: 'numeric', missed: 0 },
    { name: 'exact', missed: 0 },
  ]);
  const file = { path: join(backend.workspace, 'x.cgrpo.json'), text: '{"data": {"train": "train.jsonl", "split": {"count": 2}}}' };
  expect(await client.ask('data/preview', { source: { file } })).toMatchObject({ trainProblems: 4, heldOutProblems: 2 });
  await expect(client.ask('data/preview', { source: { file: { ...file, text: '{"data": {"train": "nowhere.jsonl"}}' } } })).rejects.toMatchObject({
    data: { code: 'dataset.notFound' },
  });
});
