/** Dumps of verl become a run that can be explored and has persistent failures. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importVerlDump } from '../../../backend/exchange/verlDump.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { temporaryStore } from '../store/stepRecords.ts';

const options = { runId: 'verl', rightFrom: 0.5, onBrokenRow: 'refuse' } as const;
const row = (problem: string, output: string, score: number, more: object = {}): string =>
  JSON.stringify({ input: `user\n${problem}\nassistant\n`, output, gts: '4', score, step: 1, ...more });

function dump(files: Readonly<Record<string, readonly string[]>>): string {
  const folder = join(temporaryFolder(), 'rollouts');
  mkdirSync(folder, { recursive: true });
  for (const [name, lines] of Object.entries(files)) writeFileSync(join(folder, name), lines.map((line) => `${line}\n`).join(''));
  return folder;
}

describe('a dump of verl', () => {
  const good = {
    '10.jsonl': [row('hard', 'no', 0), row('hard', 'not', 0)],
    '2.jsonl': [row('easy', 'four', 1, { pred: '4', acc: true }), row('hard', 'five', 0), row('easy', 'five', 0), row('hard', '<b>six</b>', 0)],
    'notes.txt': ['not a dump'],
  };

  it('becomes rollouts, verdicts and groups, in the order of the steps', async () => {
    const { store } = temporaryStore();
    expect(await importVerlDump(store, dump(good), options)).toEqual({ steps: 2, rollouts: 6, problems: 2, skipped: [] });
    const { rows } = store.rolloutPage({ runId: 'verl', order: 'oldest' });
    expect(rows.map(({ step }) => step)).toEqual([2, 2, 2, 2, 10, 10]);
    const right = rows.find(({ status }) => status === 'right');
    expect(right).toMatchObject({ reward: 1, extracted: '4', excerpt: 'four', groupKind: 'mixed' });
    const group = store.group('verl', right?.groupId ?? '');
    expect(group?.group.members.map(({ advantage }) => advantage)).toEqual([0.5, -0.5]);
    const failures = store.standingFailures('verl');
    expect(failures).toMatchObject([{ visitsFailed: 2, lastStep: 10, attempts: 4, causes: { wrongValue: 4 } }]);
    expect(store.run('verl')).toMatchObject({ state: 'finished', algorithm: 'verl' });
  });

  it.each([
    ['no dump', { 'a.jsonl': [row('x', 'y', 1)] }, 'dump.empty'],
    ['a row without a score', { '1.jsonl': [row('x', 'y', 1), '{"input": "x", "output": "y"}'] }, 'dump.brokenRow'],
    ['half a line', { '1.jsonl': [row('x', 'y', 1), '{"input": "x", "out'] }, 'dump.brokenRow'],
  ])('with %s is refused by name and place, and is no run', async (_, files, code) => {
    const { store } = temporaryStore();
    await expect(importVerlDump(store, dump(files), options)).rejects.toMatchObject({ code });
    expect(store.runs()).toEqual([]);
    await expect(importVerlDump(store, join(dump(files), 'missing'), options)).rejects.toMatchObject({ code: 'dump.notFound' });
  });

  it('that breaks off later keeps the steps before, in a run that says so', async () => {
    const { store } = temporaryStore();
    const folder = dump({ '0.jsonl': [row('x', 'y', 1)], '1.jsonl': ['{"input": "x"'] });
    await expect(importVerlDump(store, folder, options)).rejects.toMatchObject({ code: 'dump.brokenRow' });
    expect(store.run('verl')).toMatchObject({ state: 'failed' });
    const { rows } = store.rolloutPage({ runId: 'verl' });
    expect(rows.map(({ step }) => step)).toEqual([0]);
    expect(store.attempt('verl', rows[0]?.id ?? '')?.rollout.policyVersion).toBe(0);

    const aborted = new AbortController();
    const asked = { ...options, runId: 'other', signal: aborted.signal, onProgress: () => aborted.abort() };
    await expect(importVerlDump(store, folder, asked)).rejects.toMatchObject({ name: 'AbortError' });
    expect(store.run('other')).toMatchObject({ state: 'stopped' });
  });

  it('is imported without its broken rows where that is asked for', async () => {
    const { store } = temporaryStore();
    const path = dump({ '1.jsonl': [row('x', 'y', 1), '{"input": "x"', row('x', 'z', 0)] });
    const imported = await importVerlDump(store, path, { ...options, onBrokenRow: 'skip' });
    expect(imported).toMatchObject({ rollouts: 2, skipped: [{ place: `${join(path, '1.jsonl')}:2` }] });
  });
});
