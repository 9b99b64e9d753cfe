/** `export-data`, `export-metrics` and `import` on real stores. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exportData } from '../../../../backend/cli/commands/exportData.ts';
import { exportMetrics } from '../../../../backend/cli/commands/exportMetrics.ts';
import { importDump } from '../../../../backend/cli/commands/importDump.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';
import { filledStore } from '../../store/stepRecords.ts';
import { runCommand } from './harness.ts';

it('writes what was learned from words, and over a file only when told to', async () => {
  const { workspace } = filledStore({ first: 12, second: 12 });
  const out = join(workspace, 'out', 'triples.jsonl');
  const args = ['first', '--out', out, '--workspace', workspace];
  expect((await runCommand(exportData, args)).text).toMatch(/^\d+ rows of first are in /);
  const rows = readFileSync(out, 'utf8').trimEnd().split('\n');
  expect((JSON.parse(rows[0] ?? '') as { run: string }).run).toBe('first');
  await expect(runCommand(exportData, args)).rejects.toMatchObject({ code: 'output.exists' });
  expect((await runCommand(exportData, [...args, '--force'])).exitCode).toBe(0);
  await expect(runCommand(exportData, ['third', '--out', `${out}2.jsonl`, '--workspace', workspace])).rejects.toMatchObject({ code: 'run.notFound' });
});

it('goes by the verdicts of now, or by those of training where that is asked for', async () => {
  const { store, workspace } = filledStore({ run: 12 });
  const [wrong] = [...store.lessons('run', 'original')].filter(({ refinementVerdict }) => refinementVerdict?.verdict.status === 'wrong');
  store.settleVerdict({ runId: 'run', rolloutId: wrong?.refinement.id ?? '', status: 'right', author: 'Ada' });
  const rowsBy = async (...more: string[]): Promise<string[]> => {
    const out = join(workspace, `sft${more.length}.jsonl`);
    await runCommand(exportData, ['--as', 'sft', '--out', out, '--workspace', workspace, ...more]);
    return readFileSync(out, 'utf8').trimEnd().split('\n');
  };
  const [now, then] = [await rowsBy(), await rowsBy('--verdicts', 'original')];
  expect(now).toHaveLength(then.length + 1);
  expect(now.filter((row) => row.includes('"refinement_verdict_by":"Ada"'))).toHaveLength(1);
  const csv = async (...more: string[]): Promise<string> => {
    const out = join(workspace, `csv${more.length}`);
    await runCommand(exportMetrics, ['--as', 'csv', '--out', out, '--workspace', workspace, ...more]);
    return readFileSync(join(out, 'run.csv'), 'utf8');
  };
  expect(await csv()).toContain('train/verdictsChanged');
  expect(await csv('--verdicts', 'original')).not.toContain('train/verdictsChanged');
});

it('writes the numbers of every run', async () => {
  const { workspace } = filledStore({ first: 12, second: 12 });
  const out = join(workspace, 'tensorboard');
  const { text } = await runCommand(exportMetrics, ['--all', '--out', out, '--workspace', workspace]);
  expect(text).toContain(`tensorboard --logdir ${out}`);
  expect(readdirSync(out).sort()).toEqual(['first', 'second']);
});

it('takes in a dump, which can be exported again', async () => {
  const workspace = temporaryFolder();
  const dump = join(workspace, 'rollouts');
  mkdirSync(dump);
  for (const step of [1, 2]) writeFileSync(join(dump, `${step}.jsonl`), `${JSON.stringify({ input: 'Q', output: 'A', gts: '4', score: 0, step })}\n`);
  const { text } = await runCommand(importDump, [dump, '--name', 'verl', '--workspace', workspace]);
  expect(text).toBe('Run verl: 2 rollouts of 1 problems in 2 steps.\n');
  const out = join(workspace, 'failures.jsonl');
  await runCommand(exportData, ['verl', '--as', 'verl-failures', '--out', out, '--workspace', workspace]);
  expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ reward_model: { ground_truth: '4' }, extra_info: { attempts: 2 } });
});
