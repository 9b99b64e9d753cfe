/** Verdicts after the fact, as a client asks for them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import { finishRun, startTestBackend } from './testBackend.ts';

it('grades a finished run again, with progress, and lists what was graded', async () => {
  const backend = await startTestBackend();
  const client = await backend.connect();
  const runId = await finishRun(client, backend.workspace);
  const path = join(backend.workspace, 'reward.py');
  writeFileSync(path, 'def reward(input):\n    return True\n');
  const report = await client.ask('run/rescore', { runId, verifier: path });
  expect(report).toMatchObject({ id: 'rescoring1', verifier: 'reward.py', groupsTotal: 6 });
  expect(report.counts.every(({ after }) => after === 'right')).toBe(true);
  expect(report.groups.length).toBe(6);
  await client.until(() => client.progress.some(({ phase, done, total }) => phase === 'grade' && done === total));
  expect(await client.ask('run/rescore', { runId })).toMatchObject({ id: 'rescoring2', verifier: 'numeric', changed: [], groups: [] });
  expect((await client.ask('run/rescorings', { runId })).map(({ id, graded, total }) => [id, graded === total])).toEqual([
    ['rescoring2', true],
    ['rescoring1', true],
  ]);
}, 30_000);

it('stops when it is canceled', async () => {
  const backend = await startTestBackend();
  const client = await backend.connect();
  const runId = await finishRun(client, backend.workspace);
  const path = join(backend.workspace, 'reward.py');
  writeFileSync(path, 'import time\n\ndef reward(input):\n    time.sleep(100)\n');
  const source = new CancellationTokenSource();
  const asked = client.ask('run/rescore', { runId, verifier: path }, source.token);
  setTimeout(() => source.cancel(), 300);
  await expect(asked).rejects.toThrow();
  expect(await client.ask('run/rescorings', { runId })).toMatchObject([{ graded: 0 }]);
}, 30_000);

it('takes what a person says of a verdict, and refuses it of what was never graded', async () => {
  const backend = await startTestBackend();
  const client = await backend.connect();
  const runId = await finishRun(client, backend.workspace);
  const [row] = (await client.ask('rollout/page', { runId, status: 'wrong' })).rows;
  const rolloutId = row?.id ?? '';
  expect(await client.ask('verifier/settle', { runId, rolloutId, status: 'right', author: 'ann' })).toMatchObject({
    rolloutId,
    status: 'right',
    note: '',
  });
  expect((await client.ask('rollout/get', { runId, rolloutId })).verdict?.status).toBe('wrong');
  // One grader alone has nobody to disagree with.
  expect(await client.ask('verifier/disagreements', { runId, onlyOpen: true })).toEqual({ rows: [], total: 0, open: 0 });
  await expect(client.ask('verifier/settle', { runId, rolloutId: 'x', status: 'right', author: 'ann' })).rejects.toThrow(/no verdict on x/u);
});

it('runs nothing and writes nothing in a workspace that is not trusted', async () => {
  const trusted = await startTestBackend();
  const client = await trusted.connect();
  const runId = await finishRun(client, trusted.workspace);
  await trusted.shutDown('next');
  const backend = await startTestBackend({ workspace: trusted.workspace, isViewOnly: true });
  const viewer = await backend.connect();
  await expect(viewer.ask('run/rescore', { runId })).rejects.toThrow(/not trusted/u);
  await expect(viewer.ask('verifier/settle', { runId, rolloutId: 'x', status: 'right', author: 'ann' })).rejects.toThrow(/not trusted/u);
  expect(await viewer.ask('verifier/disagreements', { runId })).toMatchObject({ total: 0 });
});
