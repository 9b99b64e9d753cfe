/** An experiment stopped anywhere and gone on with makes the report of one that was not; a run that fails does not stop the others. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExperimentFolder } from '../../../backend/experiments/experimentFolder.ts';
import { openStore } from '../../../backend/store/openStore.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { preparePlan, reportFiles, runSession } from './scriptedExperiment.ts';

const folder = temporaryFolder;

describe('runExperiment', () => {
  it('runs every cell with every seed once and reports them', async () => {
    const workspace = folder();
    const plan = preparePlan(join(workspace, 'files'));
    const begun: string[] = [];
    const observer = { onBegin: ({ cell, seed }: { cell: { label: string }; seed: number }) => begun.push(`${cell.label} ${seed}`) };
    expect(await runSession({ plan, workspace, observer })).toBe('finished');
    expect(begun).toEqual(['γ 0.1 0', 'γ none 0', 'γ 0.1 1', 'γ none 1']);
    const files = reportFiles(workspace);
    expect(Object.keys(files).sort()).toEqual([
      'by-switches-shapingGamma.csv',
      'by-switches-shapingGamma.tex',
      'cells.csv',
      'cells.tex',
      'curves.svg',
      'dynamics.svg',
      'failures.csv',
      'failures.tex',
      'funnel.csv',
      'funnel.tex',
      'report.md',
      'results.json',
    ]);
    expect(files['report.md']).toContain('4 of 4 runs are done: 2 cells, seeds 0, 1.');
    expect(await runSession({ plan, workspace, observer })).toBe('finished');
    expect(begun).toHaveLength(4);
    expect(reportFiles(workspace)).toEqual(files);
  });

  it.each([
    ['between two runs', 'saveState', 2],
    ['within a run', 'optimStep', 7],
    ['while a run is evaluated', 'sample', 30],
  ] as const)('stopped %s, it goes on to the same report', async (_, method, at) => {
    const files = folder();
    const plan = preparePlan(files);
    const whole = folder();
    await runSession({ plan, workspace: whole });

    const parted = folder();
    const controller = new AbortController();
    const fault = (called: string, earlier: number): void => {
      if (called === method && earlier === at) controller.abort();
    };
    expect(await runSession({ plan, workspace: parted, controller, fault })).toBe('paused');
    expect(reportFiles(parted)).not.toEqual(reportFiles(whole));
    expect(await runSession({ plan, workspace: parted })).toBe('finished');
    expect(reportFiles(parted)).toEqual(reportFiles(whole));
  });

  it('records a run that fails, goes on with the others, and tries it again at the next start', async () => {
    const workspace = folder();
    const plan = preparePlan(join(workspace, 'files'));
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
    const whole = folder();
    await runSession({ plan, workspace: whole });
    await runSession({ plan, workspace });
    expect(reportFiles(workspace)).toEqual(reportFiles(whole));
  });

  it('scores every run on the evaluation sets, and goes on within a set', async () => {
    const files = folder();
    const benchmarks = { sets: { math500: join(files, 'math500.jsonl') }, samples: 40, temperature: 1, maxTokens: 20 };
    const plan = preparePlan(files, { benchmarks, seeds: [0] });
    const graderEntry = join(import.meta.dirname, '../../../dist/grader.js');
    const whole = folder();
    await runSession({ plan, workspace: whole, graderEntry });
    const report = reportFiles(whole);
    expect(Object.keys(report)).toContain('benchmarks.tex');
    expect(report['report.md']).toMatch(/\| γ none \| MATH500 \| maj@32 \|/);

    const parted = folder();
    const controller = new AbortController();
    let answered = 0;
    const observer = {
      onSet: (_run: unknown, _set: string, done: number) => {
        answered = done;
        if (done === 3) controller.abort();
      },
    };
    expect(await runSession({ plan, workspace: parted, controller, observer, graderEntry })).toBe('paused');
    expect(answered).toBe(3);
    const store = openStore(parted, { readOnly: true });
    const answers = new ExperimentFolder(parted, 'grid').answersFile(store.runs()[0]?.id ?? '', 'math500');
    store.close();
    expect(readFileSync(answers, 'utf8').trimEnd().split('\n')).toHaveLength(4);
    await runSession({ plan, workspace: parted, graderEntry });
    expect(reportFiles(parted)).toEqual(report);
  });
});
