/** An experiment stopped anywhere and gone on with makes the report of one that was not; a run that fails does not stop the others. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PlannedRun } from '../../../backend/experiments/grid.ts';
import { ExperimentFolder } from '../../../backend/experiments/experimentFolder.ts';
import { openStore } from '../../../backend/store/openStore.ts';
import { temporaryFolder, temporaryFolderOfFile } from '../../support/temporaryFolder.ts';
import { preparePlan, reportFiles, runSession } from './scriptedExperiment.ts';

const folder = temporaryFolder;

describe('runExperiment', () => {
  const files = temporaryFolderOfFile();
  const whole = temporaryFolderOfFile();
  const plan = preparePlan(files);
  const begun: string[] = [];
  const observer = { onBegin: ({ cell, seed }: PlannedRun) => begun.push(`${cell.label} ${seed}`) };
  let report: Record<string, string>;

  beforeAll(async () => {
    expect(await runSession({ plan, workspace: whole, observer })).toBe('finished');
    report = reportFiles(whole);
  });

  it('runs every cell with every seed once and reports them', async () => {
    expect(begun).toEqual(['γ 0.1 0', 'γ none 0', 'γ 0.1 1', 'γ none 1']);
    const tables = ['by-switches-shapingGamma', 'cells', 'failures', 'funnel'].flatMap((name) => [`${name}.csv`, `${name}.tex`]);
    expect(Object.keys(report).sort()).toEqual(
      [...tables, 'curves.svg', 'dynamics.svg', 'funnel.svg', 'refinements.svg', 'report.md', 'results.json'].sort(),
    );
    expect(report['report.md']).toContain('4 of 4 runs are done: 2 cells, seeds 0, 1.');
    expect(await runSession({ plan, workspace: whole, observer })).toBe('finished');
    expect(begun).toHaveLength(4);
    expect(reportFiles(whole)).toEqual(report);
  });

  it.each([
    ['between two runs', 'saveState', 2],
    ['within a run', 'optimStep', 7],
    ['while a run is evaluated', 'sample', 30],
  ] as const)('stopped %s, it goes on to the same report', async (_, method, at) => {
    const parted = folder();
    const controller = new AbortController();
    const fault = (called: string, earlier: number): void => {
      if (called === method && earlier === at) controller.abort();
    };
    expect(await runSession({ plan, workspace: parted, controller, fault })).toBe('paused');
    expect(reportFiles(parted)).not.toEqual(report);
    expect(await runSession({ plan, workspace: parted })).toBe('finished');
    expect(reportFiles(parted)).toEqual(report);
  });

  it('records a run that fails, goes on with the others, and tries it again at the next start', async () => {
    const workspace = folder();
    let isBroken = true;
    const fault = (called: string, earlier: number): void => {
      if (isBroken && called === 'saveState' && earlier === 2) throw new Error('the | engine\nbroke');
    };
    const ended: (string | undefined)[] = [];
    await runSession({ plan, workspace, fault, observer: { onEnd: (_run, error) => ended.push(error) } });
    expect(ended).toEqual([undefined, 'the | engine\nbroke', undefined, undefined]);
    expect(reportFiles(workspace)['report.md']).toContain('- γ none · seed 0: the | engine broke');
    expect(await new ExperimentFolder(workspace, 'grid').failures()).toEqual({ 'γ none · seed 0': 'the | engine\nbroke' });

    isBroken = false;
    await runSession({ plan, workspace });
    expect(reportFiles(workspace)).toEqual(report);
  });

  it('scores every run on the evaluation sets, and goes on within a set', async () => {
    const benchmarks = { sets: { math500: join(files, 'math500.jsonl') }, samples: 40, temperature: 1, maxTokens: 20 };
    const scored = preparePlan(files, { benchmarks, seeds: [0], axes: {} });
    const graderEntry = join(import.meta.dirname, '../../../dist/grader.js');
    const unparted = folder();
    await runSession({ plan: scored, workspace: unparted, graderEntry });
    const scoredReport = reportFiles(unparted);
    expect(Object.keys(scoredReport)).toContain('benchmarks.tex');
    expect(scoredReport['report.md']).toMatch(/\| grid \| MATH500 \| maj@32 \|/);

    const parted = folder();
    const controller = new AbortController();
    let answered = 0;
    const setObserver = {
      onSet: (_run: unknown, _set: string, done: number) => {
        answered = done;
        if (done === 3) controller.abort();
      },
    };
    expect(await runSession({ plan: scored, workspace: parted, controller, observer: setObserver, graderEntry })).toBe('paused');
    expect(answered).toBe(3);
    const store = openStore(parted, { readOnly: true });
    const answers = new ExperimentFolder(parted, 'grid').answersFile(store.runs()[0]?.id ?? '', 'math500');
    store.close();
    expect(readFileSync(answers, 'utf8').trimEnd().split('\n')).toHaveLength(4);
    await runSession({ plan: scored, workspace: parted, graderEntry });
    expect(reportFiles(parted)).toEqual(scoredReport);
  });

  it('studies after training what critics rescue, and goes on with the critics that are left', async () => {
    const both = preparePlan(files, { rescue: { critics: ['verdict', 'resample'], attempts: 2 }, seeds: [0], axes: {} });
    const unparted = folder();
    await runSession({ plan: both, workspace: unparted });
    const studied = reportFiles(unparted);
    expect(studied['rescue.csv']).toMatch(/^cell,critic,"pass@2 = 0, %",/);
    expect(studied['report.md']).toMatch(/\| grid \| resample \|/);

    const parted = folder();
    const first = preparePlan(files, { rescue: { critics: ['verdict'], attempts: 2 }, seeds: [0], axes: {} });
    await runSession({ plan: first, workspace: parted });
    expect(await runSession({ plan: both, workspace: parted })).toBe('finished');
    expect(reportFiles(parted)).toEqual(studied);
  });
});
