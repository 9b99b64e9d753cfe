/** A store that another program wrote: ids of runs that would lead out of a folder lead nowhere. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exportData } from '../../../../backend/cli/commands/exportData.ts';
import { exportMetrics } from '../../../../backend/cli/commands/exportMetrics.ts';
import { metricsFormats } from '../../../../backend/exchange/metricsFormats.ts';
import { Connection } from '../../../../backend/store/connection.ts';
import { openStore } from '../../../../backend/store/openStore.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';
import { newRun, stepBatch } from '../../store/stepRecords.ts';
import { runCommand } from './harness.ts';

const hostile: Readonly<Record<string, string>> = {
  'a path upwards': '../../x',
  'an absolute path': '/tmp/critique-grpo-x',
  'a path of Windows': '..\\x',
  'NUL and a path behind it': 'run\0/../../x',
  'a very long name': 'x'.repeat(100_000),
  'one letter too many': 'x'.repeat(201),
  'a hidden folder': '.git',
  'the folder above': '..',
  nothing: '',
  'a line break': 'run\n',
  'letters of others': 'rün',
  'control characters': 'run\u001b[2J',
};

/** A workspace two folders deep, so that what goes up two is seen. */
function foreignStore(ids: readonly string[]): { workspace: string; outer: string } {
  const outer = temporaryFolder();
  const workspace = join(outer, 'a', 'b');
  mkdirSync(workspace, { recursive: true });
  const store = openStore(workspace);
  store.createRun(newRun('good'));
  ids.forEach((_, i) => store.createRun(newRun(`foreign${i}`)));
  for (let step = 0; step < 3; step++) {
    store.record(stepBatch('good', step));
    ids.forEach((_, i) => store.record(stepBatch(`foreign${i}`, step)));
  }
  store.close();
  const connection = Connection.open(join(workspace, '.critique-grpo', 'store.db'), { readOnly: false });
  // As bytes, since a bound text may end at NUL.
  ids.forEach((id, i) => connection.run(`UPDATE runs SET id = CAST(? AS TEXT) WHERE id = ?`, new TextEncoder().encode(id), `foreign${i}`));
  connection.close();
  return { workspace, outer };
}

it.each(Object.entries(hostile))('a run that is called by %s is in no list, and is named', (_, id) => {
  const { workspace } = foreignStore([id]);
  const store = openStore(workspace, { readOnly: true });
  try {
    expect(store.runs().map((run) => run.id)).toEqual(['good']);
    expect(store.runSummaries().map((run) => run.id)).toEqual(['good']);
    expect(store.run(id)).toBeNull();
    expect(new Set(store.eventsAfter(0, 1000).map((event) => event.runId))).toEqual(new Set(['good']));
    expect(() => store.rolloutPage({ runId: id })).toThrow(expect.objectContaining({ code: 'run.badId' }) as Error);
    const [named, ...others] = store.unusableRunIds();
    expect(others).toEqual([]);
    expect(named?.length).toBeLessThan(100);
    expect(JSON.parse(named ?? '')).toBe(id.length > 60 ? `${id.slice(0, 60)}…` : id);
  } finally {
    store.close();
  }
});

it.each(Object.keys(metricsFormats))('exports of all runs as %s stay in their folder and say which runs they leave out', async (form) => {
  const { workspace, outer } = foreignStore(Object.values(hostile));
  const { text } = await runCommand(exportMetrics, ['--all', '--as', form, '--out', join(workspace, 'out'), '--workspace', workspace]);
  expect(text).toContain('The numbers of run good are in');
  expect(text).toMatch(/^Left out, because their ids cannot name a folder: "\.\.\/\.\.\/x", "\/tmp\/critique-grpo-x", .* and 7 more\.$/mu);
  expect([readdirSync(outer), readdirSync(join(outer, 'a')), readdirSync(workspace).sort()]).toEqual([['a'], ['b'], ['.critique-grpo', 'out']]);
});

it('is refused by name where a run is asked for', async () => {
  const { workspace } = foreignStore(['../../x']);
  const out = join(workspace, 'x.jsonl');
  await expect(runCommand(exportData, ['../../x', '--out', out, '--workspace', workspace])).rejects.toMatchObject({
    code: 'run.notFound',
    message: expect.stringContaining(
      'There is no run ../../x in this workspace. Left out, because their ids cannot name a folder: "../../x".',
    ) as string,
  });
});
