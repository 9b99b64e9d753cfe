/** A policy on an evaluation set: its answers are kept problem by problem in a file, so that it can be stopped and gone on with anywhere. */
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WorkbenchError } from '../core/errors.ts';
import { mean, sum } from '../core/stats.ts';
import type { Benchmark, BenchmarkProblem } from '../data/benchmarks/benchmark.ts';
import { findBenchmark, readBenchmark } from '../data/benchmarks/readBenchmark.ts';
import type { BenchmarkSettings } from '../protocol/experiment.ts';
import type { BenchmarkScores } from '../protocol/experimentViews.ts';
import { writeFileAtomically } from '../store/atomicFile.ts';
import { greedyScore, sampledScores } from '../training/evaluateAnswers.ts';
import { answerProblems, type KeptAnswer, type SetGraders } from '../training/evaluateSet.ts';
import type { Policy } from '../training/policy.ts';

/** A set whose file has been read. */
export interface LoadedSet {
  readonly benchmark: Benchmark;
  /** As it was named. */
  readonly path: string;
  readonly problems: readonly BenchmarkProblem[];
}

/** Reads the sets of the settings, in the order given. `resolvePath` finds or downloads a file. Throws `benchmark.unknown`, `dataset.…`. */
export async function loadSets(settings: BenchmarkSettings, resolvePath: (path: string) => Promise<string>): Promise<LoadedSet[]> {
  const sets: LoadedSet[] = [];
  for (const [name, path] of Object.entries(settings.sets)) {
    const benchmark = findBenchmark(name);
    const options = { seed: settings.seed, ...(settings.limit === null ? {} : { limit: settings.limit }) };
    sets.push({ benchmark, path, problems: (await readBenchmark(benchmark, await resolvePath(path), options)).problems });
  }
  return sets;
}

export interface AnswerSetRequest {
  readonly policy: Policy;
  readonly graders: SetGraders;
  readonly set: LoadedSet;
  readonly settings: BenchmarkSettings;
  /** Names the weights: answers of others in the same file are refused. */
  readonly weights: string;
  /** Where the answers are kept (JSON Lines). */
  readonly file: string;
  /** Problems answered so far, of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** One line of the file. */
interface AnsweredProblem {
  readonly id: string;
  readonly level: string;
  readonly greedy: KeptAnswer | null;
  readonly sampled: readonly KeptAnswer[];
}

/** Sequences that are asked for together. */
const sequencesAtOnce = 64;

/** Answers what is not answered yet and scores the whole. Throws `benchmark.otherSettings` for a file of other weights, settings or data. */
export async function answerSet(request: AnswerSetRequest): Promise<BenchmarkScores> {
  const { policy, set, settings, file, onProgress } = request;
  const known = await readAnswers(file, headerOf(request));
  const open = set.problems.filter(({ problem }) => !known.has(problem.id));
  const perProblem = settings.samples + (settings.greedy ? 1 : 0);
  const size = Math.max(1, Math.floor(sequencesAtOnce / Math.max(1, perProblem)));
  onProgress?.(known.size, set.problems.length);
  for (let at = 0; at < open.length; at += size) {
    policy.signal.throwIfAborted();
    const part = open.slice(at, at + size);
    const lines = await answerPart(request, part);
    await appendFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    for (const line of lines) known.set(line.id, line);
    onProgress?.(known.size, set.problems.length);
  }
  return scoresOf(set, settings, known);
}

async function answerPart({ policy, graders, set, settings }: AnswerSetRequest, part: readonly BenchmarkProblem[]): Promise<AnsweredProblem[]> {
  const common = {
    problems: part,
    suffix: suffixOf(set.benchmark, policy),
    maxTokens: settings.maxTokens ?? policy.config.sampling.maxTokens,
    seed: settings.seed,
  };
  const greedy = settings.greedy ? await answerProblems(policy, graders, { ...common, samples: 1, temperature: 0 }) : [];
  const sampled =
    settings.samples > 0 ? await answerProblems(policy, graders, { ...common, samples: settings.samples, temperature: settings.temperature }) : [];
  return part.map(({ problem: { id, level } }, i) => ({ id, level, greedy: greedy[i]?.[0] ?? null, sampled: sampled[i] ?? [] }));
}

/** A policy is asked as it was trained to be asked, unless the set needs another form of answer. */
function suffixOf({ suffix, isOwnForm }: Benchmark, { config }: Policy): string {
  return isOwnForm || config.prompt.suffix === '' ? suffix : config.prompt.suffix;
}

/** Everything that decides the answers, in the first line of the file. */
function headerOf({ policy, set, settings, weights }: AnswerSetRequest): string {
  const { greedy, samples, temperature, seed } = settings;
  const { topK, topP, maxTokens } = policy.config.sampling;
  const problems = createHash('sha256').update(JSON.stringify(set.problems)).digest('hex').slice(0, 16);
  return JSON.stringify({
    version: 1,
    set: set.benchmark.name,
    weights,
    problems,
    ...{ greedy, samples, temperature: samples > 0 ? temperature : 0, topK, topP, seed },
    maxTokens: settings.maxTokens ?? maxTokens,
    prompt: { system: policy.config.prompt.system, suffix: suffixOf(set.benchmark, policy) },
  });
}

/** What the file holds, by problem; begun with the header where there is none. A last line that was not written to its end is cut off. */
async function readAnswers(file: string, header: string): Promise<Map<string, AnsweredProblem>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole === '') {
    await mkdir(dirname(file), { recursive: true });
    await writeFileAtomically(file, `${header}\n`);
    return new Map();
  }
  const [first, ...lines] = whole.trimEnd().split('\n');
  if (first !== header) {
    throw new WorkbenchError({
      code: 'benchmark.otherSettings',
      message: `${file} holds answers of another model, checkpoint, data set or setting.`,
      remedy: 'Give another folder, or begin anew (--fresh).',
    });
  }
  if (whole.length < text.length) await truncate(file, Buffer.byteLength(whole));
  return new Map(lines.map((line) => JSON.parse(line) as AnsweredProblem).map((line) => [line.id, line]));
}

function scoresOf({ benchmark, problems }: LoadedSet, settings: BenchmarkSettings, known: ReadonlyMap<string, AnsweredProblem>): BenchmarkScores {
  const lines = problems.flatMap(({ problem }) => known.get(problem.id) ?? []);
  const all = lines.flatMap(({ greedy, sampled }) => [...(greedy === null ? [] : [greedy]), ...sampled]);
  const valueOf = (part: readonly AnsweredProblem[]): number =>
    settings.greedy ? greedyScore(part.flatMap(({ greedy }) => greedy ?? [])).value : meanOrZero(part.flatMap(({ sampled }) => shareRight(sampled)));
  const levels = [...new Set(lines.map(({ level }) => level))].sort();
  return {
    set: benchmark.name,
    title: benchmark.title,
    problems: lines.length,
    published: benchmark.size,
    greedy: settings.greedy ? greedyScore(lines.flatMap(({ greedy }) => greedy ?? [])) : null,
    sampled:
      settings.samples > 0
        ? sampledScores(
            lines.map(({ sampled }) => sampled),
            settings.seed,
          )
        : null,
    byLevel: Object.fromEntries(
      levels.map((level) => {
        const part = lines.filter((line) => line.level === level);
        return [level, { problems: part.length, value: valueOf(part) }];
      }),
    ),
    failed: all.filter(({ status }) => status === 'failed').length,
    truncated: all.filter(({ finish }) => finish === 'length').length,
    tokensSampled: sum(all.map(({ tokens }) => tokens)),
  };
}

function shareRight(answers: readonly KeptAnswer[]): number[] {
  const graded = answers.filter(({ status }) => status !== 'failed');
  return graded.length === 0 ? [] : [graded.filter(({ status }) => status === 'right').length / graded.length];
}

function meanOrZero(values: readonly number[]): number {
  return values.length === 0 ? 0 : mean(values);
}
