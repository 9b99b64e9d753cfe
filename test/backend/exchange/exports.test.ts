/** What is written for other tools, read back here; `test/peers/read_exports.py` reads it with the tools themselves. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readProblems } from '../../../backend/data/readProblems.ts';
import { lessonFormats, type LessonFormatName, type LessonOptions, type LessonRow } from '../../../backend/exchange/lessonFormats.ts';
import { metricsFormats } from '../../../backend/exchange/metricsFormats.ts';
import { scalarsOf } from '../../../backend/exchange/scalars.ts';
import { maskedCrc32c } from '../../../backend/exchange/tensorBoard/crc32c.ts';
import { writeRows } from '../../../backend/exchange/writeRows.ts';
import type { Evaluation, LevelScore } from '../../../backend/protocol/records.ts';
import type { Store } from '../../../backend/store/store.ts';
import { filledStore as storeWith } from '../store/stepRecords.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const all: LessonOptions = { verdicts: 'current', withoutHuman: false, withoutTrials: false, withoutFlagged: false };
const steps = 12;

function filledStore(): Store {
  return storeWith({ run: steps }).store;
}

function rowsOf(store: Store, name: LessonFormatName, options = all): LessonRow[] {
  return [...lessonFormats[name].rows(store, 'run', options)];
}

describe('scalars', () => {
  it('are every finite number of every step, by name', () => {
    const store = filledStore();
    const scalars = [...scalarsOf(store, 'run', 'current')];
    expect(scalars.map(({ step }) => step)).toEqual(store.updates('run').map(({ step }) => step));
    const [update] = store.updates('run');
    expect(scalars[0]?.values).toMatchObject({ 'train/loss': update?.loss, 'train/gradientNorm': update?.gradientNorm });
    expect(Object.values(scalars[0]?.values ?? {}).every(Number.isFinite)).toBe(true);
  });

  it('keep the score of all problems where a level has that name', () => {
    const store = filledStore();
    const score = (passAt1: number): LevelScore => ({
      ...{ problems: 1, samples: 1, passAt1, interval: [0, 1], passAtK: { '1': passAt1 }, neverSolved: 0 },
    });
    const evaluation: Evaluation = {
      ...{ runId: 'run', step: steps, set: 'heldOut', samplesPerProblem: 1, temperature: 1, tokensSampled: 1 },
      ...{ all: score(0.5), byLevel: { all: score(0), hard: score(1) } },
    };
    store.record({ runId: 'run', evaluations: [evaluation], events: [{ type: 'evaluationFinished', evaluation }] });
    expect([...scalarsOf(store, 'run', 'current')].at(-1)?.values).toMatchObject({ 'heldOut/all/passAt1': 0.5, 'heldOut/hard/passAt1': 1 });
  });
});

describe('metrics', () => {
  it('are TensorBoard records with right checksums', async () => {
    const store = filledStore();
    const folder = temporaryFolder();
    await metricsFormats.tensorboard.write({ store, runs: store.runs(), verdicts: 'current', folder });
    const [file] = readdirSync(join(folder, 'run'));
    const bytes = readFileSync(join(folder, 'run', file ?? ''));
    let count = 0;
    for (let at = 0; at < bytes.length; count++) {
      const length = Number(bytes.readBigUInt64LE(at));
      expect(bytes.readUInt32LE(at + 8)).toBe(maskedCrc32c(bytes.subarray(at, at + 8)));
      expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedCrc32c(bytes.subarray(at + 12, at + 12 + length)));
      at += 16 + length;
    }
    expect(count).toBe(2 + steps);
  });

  it('are a table with a row for every step', async () => {
    const store = filledStore();
    const folder = temporaryFolder();
    await metricsFormats.csv.write({ store, runs: store.runs(), verdicts: 'current', folder });
    const lines = readFileSync(join(folder, 'run.csv'), 'utf8').trimEnd().split('\r\n');
    expect(lines).toHaveLength(1 + steps);
    const header = lines[0]?.split(',') ?? [];
    const cells = lines[1]?.split(',') ?? [];
    expect(Number(cells[header.indexOf('train/loss')])).toBe(store.updates('run')[0]?.loss);
  });

  it('are an MLflow store with metrics, parameters and tags', async () => {
    const store = filledStore();
    const folder = temporaryFolder();
    // Into the same folder twice, as with --force.
    for (let time = 0; time < 2; time++) await metricsFormats.mlflow.write({ store, runs: store.runs(), verdicts: 'current', folder });
    const [experiment] = readdirSync(folder);
    const runs = readdirSync(join(folder, experiment ?? '')).filter((name) => name !== 'meta.yaml');
    const own = join(folder, experiment ?? '', runs[0] ?? '');
    expect(runs).toHaveLength(1);
    expect(
      readFileSync(join(own, 'metrics', 'train', 'loss'), 'utf8')
        .trimEnd()
        .split('\n'),
    ).toHaveLength(steps);
    expect(readFileSync(join(own, 'params', 'model.path'), 'utf8')).toBe('model');
    expect(readFileSync(join(own, 'tags', 'mlflow.runName'), 'utf8')).toBe('run');
  });
});

describe('lessons', () => {
  it('are every refinement with the critique it answers and who wrote that', () => {
    const store = filledStore();
    const triples = rowsOf(store, 'triples');
    expect(triples.length).toBeGreaterThan(3);
    for (const row of triples) {
      expect(row).toMatchObject({ run: 'run', critique_author: 'critic', critique_revision: 1, is_trial: false });
      expect(Object.keys(row).sort()).toEqual(Object.keys(lessonFormats.triples.columns).sort());
    }
  });

  it('prefer a right refinement over the failed answer, and leave out what was flagged', () => {
    const store = filledStore();
    const preferences = rowsOf(store, 'preferences');
    const right = rowsOf(store, 'triples').filter((row) => row['is_right'] === true);
    expect(preferences).toHaveLength(right.length);
    expect(preferences[0]?.['chosen']).toEqual([{ role: 'assistant', content: right[0]?.['refinement'] }]);
    expect(preferences[0]?.['rejected']).toEqual([{ role: 'assistant', content: right[0]?.['failed'] }]);
    const unflagged = rowsOf(store, 'triples', { ...all, withoutFlagged: true });
    expect(unflagged.length).toBeLessThan(rowsOf(store, 'triples').length);
  });

  it('are none where nothing failed', () => {
    const store = filledStore();
    const before = rowsOf(store, 'triples');
    const right = before.find((row) => row['is_right'] === true);
    const [critiqued] = [...store.lessons('run', 'current')].filter(({ failed }) => failed.completion === right?.['failed']);
    const refinement = [...store.lessons('run', 'current')].find(
      ({ refinementVerdict }) => refinementVerdict?.verdict.status === 'right',
    )?.refinement;
    if (critiqued === undefined || refinement === undefined) throw new Error('no lesson');
    // A critique of what is right already, as the trigger "always" has them.
    const critique = { ...critiqued.critique, id: 'of-right', rolloutId: refinement.id };
    store.record({
      runId: 'run',
      critiques: [critique],
      refinements: [{ ...refinement, id: 'again', rolloutId: refinement.id, critiqueId: critique.id }],
    });
    expect(rowsOf(store, 'triples')).toEqual(before);
  });

  it('by a person carry the name and can be left out', () => {
    const store = filledStore();
    const [first] = store.lessons('run', 'current');
    if (first === undefined) throw new Error('no lesson');
    const { rolloutId, id } = first.critique;
    const human = store.reviseCritique({ runId: 'run', baseId: id, text: 'By hand.', author: 'Ada' });
    const refinement = { ...first.refinement, id: `${human.id}/tried`, critiqueId: human.id };
    store.record({ runId: 'run', refinements: [refinement] });
    const own = rowsOf(store, 'triples').filter((row) => row['critique_is_human'] === true);
    expect(own).toMatchObject([{ critique: 'By hand.', critique_author: 'Ada', critique_revision: 2, critique_kind: 'human' }]);
    expect(rowsOf(store, 'triples', { ...all, withoutHuman: true }).some((row) => row['critique'] === 'By hand.')).toBe(false);
    expect(rolloutId).toBe(first.failed.id);
  });

  it('come back as problems from the verl layout, as JSON Lines and as Parquet', async () => {
    const store = filledStore();
    const failures = rowsOf(store, 'verl-failures');
    expect(failures.length).toBeGreaterThan(0);
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    for (const name of ['failures.jsonl', 'failures.parquet']) {
      const path = join(folder, name);
      expect(await writeRows(path, lessonFormats['verl-failures'].columns, failures)).toBe(failures.length);
      const { problems } = await readProblems(path, { onBrokenRow: 'refuse' });
      expect(problems.map(({ answer }) => answer)).toEqual(failures.map((row) => (row['reward_model'] as { ground_truth: string }).ground_truth));
    }
  });

  it('are refused where the file name says no format, and no file is made of nothing', async () => {
    const folder = temporaryFolder();
    for (const name of ['x.txt', 'x.parquet.gz']) {
      await expect(writeRows(join(folder, name), {}, [{}])).rejects.toMatchObject({ code: 'export.unknownFormat' });
    }
    expect(await writeRows(join(folder, 'x.jsonl'), {}, [])).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });
});
