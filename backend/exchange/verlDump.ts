/**
 * Rollouts that verl dumped while it trained (`trainer.rollout_data_dir`), as a run of the workspace: to be explored, searched and collected into
 * persistent failures. A dump is `<step>.jsonl` with one object a sample: `input`, `output`, `score`, `step`, mostly `gts`, and what the reward
 * function returned besides. It has no tokens, logprobs, advantages or losses.
 */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { mean } from '../core/stats.ts';
import { BrokenRow } from '../data/brokenRow.ts';
import type { Row } from '../data/source.ts';
import { jsonl } from '../data/sources/jsonl.ts';
import type { EventBody } from '../protocol/events.ts';
import type { Group, GroupKind, Problem, Rollout, Verdict } from '../protocol/records.ts';
import { runConfigSchema } from '../protocol/runConfig.ts';
import type { Store } from '../store/store.ts';

export interface VerlImportOptions {
  readonly runId: string;
  /** An answer is right from this score on. */
  readonly rightFrom: number;
  readonly onBrokenRow: 'refuse' | 'skip';
  readonly signal?: AbortSignal;
  /** Hears of each file that was read. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface VerlImport {
  readonly steps: number;
  readonly rollouts: number;
  readonly problems: number;
  readonly skipped: readonly { readonly place: string; readonly reason: string }[];
}

interface Sample {
  readonly input: string;
  readonly output: string;
  readonly gold: string;
  readonly score: number;
  readonly extracted: string | null;
  /** What tells one problem from another. */
  readonly problemId: string;
}

/**
 * Makes a run of the folder's dumps, step by step, once the first of them could be read. Throws `dump.notFound`, `dump.empty`, `dump.brokenRow` (with
 * file:line), the signal's reason, and what the store throws; steps that were recorded until then stay, and the run says that it was not finished.
 */
export async function importVerlDump(store: Store, folder: string, options: VerlImportOptions): Promise<VerlImport> {
  const files = await dumpsIn(folder);
  const { runId, rightFrom, onBrokenRow, signal, onProgress } = options;
  const lastStep = files.at(-1)?.step ?? 0;
  const problems = new Set<string>();
  const skipped: { place: string; reason: string }[] = [];
  let rollouts = 0;
  const stop = (reason: 'finished' | 'interrupted' | 'failed', message: string): void => {
    store.record({ runId, events: [{ type: 'runStopped', step: lastStep, reason, message }] });
  };
  try {
    for (const [i, { step, path }] of files.entries()) {
      signal?.throwIfAborted();
      const samples = await samplesOf(path, onBrokenRow, skipped);
      if (samples.length > 0) {
        if (rollouts === 0) begin(store, folder, runId, lastStep);
        const fresh = new Map(samples.filter(({ problemId }) => !problems.has(problemId)).map((sample) => [sample.problemId, problemOf(sample)]));
        store.record({ runId, problems: [...fresh.values()], ...recordsOf(runId, step, samples, rightFrom) });
        for (const id of fresh.keys()) problems.add(id);
        rollouts += samples.length;
      }
      onProgress?.(i + 1, files.length);
    }
  } catch (error) {
    if (rollouts > 0) stop(signal?.aborted === true ? 'interrupted' : 'failed', `Not all of ${folder} was imported: ${messageOf(error)}`);
    throw error;
  }
  if (rollouts === 0) throw empty(folder, skipped[0]);
  stop('finished', `${rollouts} rollouts imported from ${folder}; such dumps have no tokens, advantages or losses.`);
  return { steps: files.length, rollouts, problems: problems.size, skipped };
}

function begin(store: Store, folder: string, runId: string, steps: number): void {
  store.createRun({ id: runId, name: runId, algorithm: 'verl', seed: 0, config: configOf(folder, runId) });
  store.record({ runId, events: [{ type: 'runStarted', algorithm: 'verl', seed: 0, steps, resumedFrom: null }] });
}

/** The dumps of a folder in the order of their steps. */
async function dumpsIn(folder: string): Promise<{ step: number; path: string }[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    throw new WorkbenchError({
      code: 'dump.notFound',
      message: `The folder ${folder} cannot be read (${messageOf(cause)}).`,
      remedy: 'Give the folder that trainer.rollout_data_dir names.',
      cause,
    });
  }
  const dumps = names.flatMap((name) => {
    const step = /^(\d{1,9})\.jsonl$/.exec(name)?.[1];
    return step === undefined ? [] : [{ step: Number(step), path: join(folder, name) }];
  });
  if (dumps.length === 0) throw empty(folder, undefined);
  return dumps.sort((a, b) => a.step - b.step);
}

async function samplesOf(path: string, onBrokenRow: 'refuse' | 'skip', skipped: { place: string; reason: string }[]): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const { number, row } of jsonl.read(path, {})) {
    const sample = row instanceof BrokenRow ? row : sampleOf(row);
    if (!(sample instanceof BrokenRow)) samples.push(sample);
    else if (onBrokenRow === 'skip') skipped.push({ place: `${path}:${number}`, reason: sample.problem });
    else {
      throw new WorkbenchError({
        code: 'dump.brokenRow',
        message: `${path}:${number}: ${sample.problem}.`,
        remedy: `${sample.remedy} To leave out broken rows, give --skip-broken.`,
      });
    }
  }
  return samples;
}

function sampleOf(row: Row): Sample | BrokenRow {
  const { input, output, score, gts, uid } = row;
  if (typeof input !== 'string' || typeof output !== 'string') {
    return new BrokenRow('"input" or "output" is no text', 'Dumps of verl have both.');
  }
  if (typeof score !== 'number' || !Number.isFinite(score)) return new BrokenRow('"score" is no number', 'Dumps of verl have one.');
  const gold = textOf(gts) ?? textOf(row['ground_truth']) ?? '';
  const extracted = textOf(row['pred']) ?? textOf(row['extracted']) ?? null;
  const problemId = createHash('sha256')
    .update(typeof uid === 'string' ? `${uid}\n` : '')
    .update(`${input}\n${gold}`)
    .digest('hex')
    .slice(0, 12);
  return { input, output, gold, score, extracted, problemId: `verl-${problemId}` };
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) || (typeof value === 'object' && value !== null) ? JSON.stringify(value) : undefined;
}

function problemOf({ input, gold, problemId }: Sample): Problem {
  return { id: problemId, prompt: [{ role: 'user', content: input }], answer: gold, level: 'default' };
}

function recordsOf(
  runId: string,
  step: number,
  samples: readonly Sample[],
  rightFrom: number,
): { rollouts: Rollout[]; verdicts: Verdict[]; groups: Group[]; events: EventBody[] } {
  const byProblem = new Map<string, Sample[]>();
  for (const sample of samples) {
    const members = byProblem.get(sample.problemId);
    if (members === undefined) byProblem.set(sample.problemId, [sample]);
    else members.push(sample);
  }
  const rollouts: Rollout[] = [];
  const verdicts: Verdict[] = [];
  const groups: Group[] = [];
  for (const [problemId, members] of byProblem) {
    const groupId = `${runId}/${step}/${problemId}`;
    const ids = members.map((_, index) => `${groupId}/r${index}`);
    members.forEach((sample, index) => {
      const id = ids[index] as string;
      rollouts.push(rolloutOf(runId, id, step, index, sample));
      verdicts.push(verdictOf(id, sample, rightFrom));
    });
    groups.push(groupOf(runId, groupId, step, problemId, members, ids, rightFrom));
  }
  const events = groups.map(({ id, problemId, kind, zeroSignal }): EventBody => ({
    type: 'groupFinished',
    step,
    groupId: id,
    problemId,
    kind,
    zeroSignal,
  }));
  return { rollouts, verdicts, groups, events };
}

function rolloutOf(runId: string, id: string, step: number, index: number, { problemId, output }: Sample): Rollout {
  const known = { id, runId, step, problemId, index, policyVersion: Math.max(0, step - 1), completion: output, finish: 'stop' as const };
  return { ...known, seed: 0, promptTokens: [], tokens: [], behaviorLogprobs: [] };
}

function verdictOf(rolloutId: string, { score, extracted }: Sample, rightFrom: number): Verdict {
  const isRight = score >= rightFrom;
  const reason = `verl scored it ${score}.`;
  return { rolloutId, verifier: 'verl', status: isRight ? 'right' : 'wrong', reward: score, extracted, reason, cause: isRight ? null : 'wrongValue' };
}

/** Advantages as Dr.GRPO has them, rewards less their mean: dumps have none. */
function groupOf(
  runId: string,
  id: string,
  step: number,
  problemId: string,
  samples: readonly Sample[],
  ids: readonly string[],
  rightFrom: number,
): Group {
  const scores = samples.map(({ score }) => score);
  const baseline = mean(scores);
  const zeroSignal = scores.every((score) => score === scores[0]);
  const right = scores.filter((score) => score >= rightFrom).length;
  const kind: GroupKind = right === scores.length ? 'allRight' : right > 0 ? 'mixed' : 'allWrong';
  const members = scores.map((reward, i) => ({
    id: ids[i] as string,
    origin: 'policy' as const,
    reward,
    advantage: zeroSignal ? 0 : reward - baseline,
    weight: 1 / scores.length,
  }));
  return { id, runId, step, problemId, kind, zeroSignal, excluded: 0, members };
}

function configOf(folder: string, name: string): ReturnType<typeof runConfigSchema.parse> {
  const path = resolve(folder);
  return runConfigSchema.parse({ name, model: { path }, data: { train: path }, algorithm: 'verl' });
}

function empty(folder: string, first: { readonly place: string; readonly reason: string } | undefined): WorkbenchError {
  return new WorkbenchError({
    code: 'dump.empty',
    message:
      first === undefined
        ? `There is no dump <step>.jsonl in ${folder}.`
        : `Every row in ${folder} is broken; the first, ${first.place}: ${first.reason}.`,
    remedy: 'Give the folder that trainer.rollout_data_dir names; verl writes it while it trains.',
  });
}
