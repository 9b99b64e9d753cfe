/** `critique-grpo benchmark`: models and runs on published evaluation sets, as a results table. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { WorkbenchError } from '../../core/errors.ts';
import { benchmarks } from '../../data/benchmarks/index.ts';
import { findBenchmark } from '../../data/benchmarks/readBenchmark.ts';
import { answerSet, loadSets, type LoadedSet } from '../../experiments/benchmarkAnswers.ts';
import { resultsTable } from '../../experiments/benchmarkTable.ts';
import { markdownTable } from '../../experiments/reportTable.ts';
import { benchmarkSettingsSchema, type BenchmarkSettings } from '../../protocol/experiment.ts';
import type { BenchmarkScores } from '../../protocol/experimentViews.ts';
import type { RunConfig } from '../../protocol/runConfig.ts';
import { openStore } from '../../store/openStore.ts';
import { SetGraders } from '../../training/evaluateSet.ts';
import { closePolicy, openPolicy } from '../../training/policy.ts';
import { resolveRunParts } from '../../training/runFile.ts';
import { locateData } from '../../training/locateData.ts';
import { readResults, saveResults, scoredMethods, withScores } from '../benchmarkResults.ts';
import { BenchmarkView } from '../benchmarkView.ts';
import { exitCodes, type CliCommand, type CliContext } from '../command.ts';
import { findCheckpoint } from '../findCheckpoint.ts';
import { nonNegative, positiveInteger, wholeNumber } from '../numberOptions.ts';
import { resultFile } from '../resultFile.ts';
import { settingOverrides, threadsOf } from '../runArguments.ts';
import { interruptSignal } from '../session.ts';

interface BenchmarkOptions {
  readonly sets: readonly string[];
  readonly greedy: boolean;
  readonly samples: string;
  readonly temperature: string;
  readonly maxTokens?: string;
  readonly limit?: string;
  readonly seed: string;
  readonly set: readonly string[];
  readonly workspace: string;
  readonly threads: string;
  readonly out: string;
  readonly fresh?: boolean;
  readonly json?: string;
}

export const benchmark: CliCommand = {
  name: 'benchmark',
  summary: 'Score models and runs on published evaluation sets: a results table as Markdown, CSV and LaTeX.',
  register(command: Command, context: CliContext): void {
    command
      .argument(
        '[models...]',
        'model folders, hf:// addresses, or runs of the workspace (RUN for its newest checkpoint, RUN@STEP); the newest run if left out',
      )
      .requiredOption('--sets <name=path...>', `files of evaluation sets, e.g. math500=test.jsonl; names: ${Object.keys(benchmarks).join(', ')}`)
      .option('--no-greedy', 'leave out the greedy answer a problem (pass@1)')
      .option('--samples <number>', 'sampled answers a problem besides, for avg@k, pass@k and maj@k', '0')
      .option('--temperature <number>', 'of the sampled answers', '1')
      .option('--max-tokens <number>', "longest answer; a run's own, or 4096, if left out")
      .option('--limit <number>', 'at most so many problems of each set, drawn with the seed')
      .option('--seed <number>', 'of sampled answers, of the order of choices, and of --limit', '0')
      .option(
        '--set <key=value>',
        'any setting of a run file, e.g. prompt.system="…" (repeatable)',
        (text: string, all: string[]) => [...all, text],
        [],
      )
      .option('--workspace <folder>', 'where runs are kept, under .critique-grpo', '.')
      .option('--threads <number>', 'processor threads of the engine', String(availableParallelism()))
      .option('--out <folder>', 'where answers and tables go; what is in it already is not answered again', 'benchmarks')
      .option('--fresh', 'begin the folder anew')
      .option('--json <file>', 'write the results there too')
      .addHelpText(
        'after',
        '\nExamples:\n  critique-grpo benchmark path/to/model --sets math500=MATH-500/test.jsonl aime24=aime24.parquet\n  critique-grpo benchmark path/to/model my-run my-run@200 --sets gpqaDiamond=gpqa_diamond.csv --samples 8 --limit 50',
      )
      .action(async (models: readonly string[], options: BenchmarkOptions) => {
        process.exitCode = await benchmarkAll(models, options, context);
      });
  },
};

/** What a row of the table is about. */
interface Method {
  readonly label: string;
  readonly config: RunConfig;
  /** Checkpoint folder; undefined for the weights of the model itself. */
  readonly checkpoint: string | undefined;
}

async function benchmarkAll(models: readonly string[], options: BenchmarkOptions, context: CliContext): Promise<number> {
  const { output, demoFolder } = context;
  const settings = settingsOf(options);
  const methods: Method[] = [];
  for (const model of models.length === 0 ? ['newest'] : models) methods.push(await methodOf(model, options));
  const writeResult = await resultFile(options.json);
  const out = resolve(options.out);
  if (options.fresh === true) await Promise.all(['answers', 'results.json'].map((name) => rm(join(out, name), { recursive: true, force: true })));
  await mkdir(out, { recursive: true });
  let results = await readResults(out, settings);
  const signal = interruptSignal(() => output.write('\nStopping; the same command goes on from here.\n'));
  const sets = await loadSets(settings, (path) => locateData(path, 'heldOut', { demoFolder, signal }));
  const size = sets.reduce((total, { problems }) => total + problems.length, 0);
  const view = new BenchmarkView(output, size * methods.length, () => performance.now());
  try {
    for (const method of methods) {
      await answerSets(method, { settings, sets, out, signal, view, options, context }, async (scores) => {
        results = withScores(results, method.label, scores);
        await saveResults(results, out);
      });
    }
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    view.end();
  }
  await writeResult(results);
  const { header, rows, textColumns } = resultsTable(scoredMethods(results));
  output.write(
    `\n${markdownTable(header, rows, textColumns)}\n\nKept in ${out}: report.md, results.csv, results.tex, results.json, and every answer.\n`,
  );
  return exitCodes.done;
}

interface Work {
  readonly settings: BenchmarkSettings;
  readonly sets: readonly LoadedSet[];
  readonly out: string;
  readonly signal: AbortSignal;
  readonly view: BenchmarkView;
  readonly options: BenchmarkOptions;
  readonly context: CliContext;
}

async function answerSets(method: Method, work: Work, onScores: (scores: BenchmarkScores) => Promise<void>): Promise<void> {
  const { settings, sets, out, signal, view, options, context } = work;
  const { label, config, checkpoint } = method;
  const graders = new SetGraders(context.entries.grader);
  const policy = await openPolicy({
    ...{ id: 'benchmark', config, entries: context.entries, demoFolder: context.demoFolder },
    ...{ threads: threadsOf(options), observer: {}, signal },
  });
  try {
    if (checkpoint !== undefined) await policy.engine.loadState(checkpoint);
    const weights = await fingerprint(checkpoint ?? policy.modelFolder);
    for (const set of sets) {
      view.begin(label, set.benchmark.title, set.problems.length);
      const file = join(out, 'answers', fileName(label), `${set.benchmark.name}.jsonl`);
      const scores = await answerSet({ policy, graders, set, settings, weights, file, onProgress: (done) => view.progress(done) });
      await onScores(scores);
      view.finish(scores);
    }
  } finally {
    await closePolicy(policy);
    await graders.dispose();
  }
}

function settingsOf(options: BenchmarkOptions): BenchmarkSettings {
  const pairs = options.sets
    .flatMap((text) => text.split(','))
    .map((text): [string, string] => {
      const equals = text.indexOf('=');
      if (equals > 0 && equals < text.length - 1) return [findBenchmark(text.slice(0, equals)).name, text.slice(equals + 1)];
      throw new WorkbenchError({
        code: 'config.invalid',
        message: `--sets ${text} is not of the form name=path.`,
        remedy: 'Write for example --sets math500=path/to/test.jsonl.',
      });
    });
  const settings = {
    sets: Object.fromEntries(pairs),
    greedy: options.greedy,
    samples: wholeNumber('--samples', options.samples),
    temperature: nonNegative('--temperature', options.temperature),
    maxTokens: options.maxTokens === undefined ? null : positiveInteger('--max-tokens', options.maxTokens),
    limit: options.limit === undefined ? null : positiveInteger('--limit', options.limit),
    seed: wholeNumber('--seed', options.seed),
  };
  if (!settings.greedy && settings.samples === 0) {
    throw new WorkbenchError({
      code: 'config.invalid',
      message: 'With --no-greedy and no --samples there is nothing to answer.',
      remedy: 'Give --samples 8, say.',
    });
  }
  if (settings.temperature === 0) {
    throw new WorkbenchError({
      code: 'config.invalid',
      message: '--temperature is 0, and greedy answers to a problem are all alike.',
      remedy: 'Leave out --samples for greedy answers, or give a temperature above 0.',
    });
  }
  return benchmarkSettingsSchema.parse(settings);
}

/** A run of the workspace where there is one of that name, else a model. */
async function methodOf(text: string, { workspace, set }: BenchmarkOptions): Promise<Method> {
  const [, name = text, step] = /^(.+)@(\d+)$/.exec(text) ?? [];
  if (text === 'newest' || isRun(workspace, name)) {
    const {
      runId,
      config,
      folder,
      step: found,
    } = await findCheckpoint(workspace, text === 'newest' ? undefined : name, step === undefined ? undefined : Number(step));
    const own = resolveRunParts({ overrides: [...Object.entries(config).map(([key, value]) => [[key], value] as const), ...settingOverrides(set)] });
    return { label: `${runId}@${found}`, config: { ...own, model: config.model }, checkpoint: folder };
  }
  const config = resolveRunParts({
    // A configuration must name data; it is not read here.
    overrides: [[['data', 'train'], text], [['sampling', 'maxTokens'], 4096], ...settingOverrides(set), [['model', 'path'], text]],
  });
  return { label: text, config, checkpoint: undefined };
}

function isRun(workspace: string, id: string): boolean {
  try {
    const store = openStore(resolve(workspace), { readOnly: true });
    try {
      return store.run(id) !== null;
    } finally {
      store.close();
    }
  } catch (error) {
    if (error instanceof WorkbenchError && error.code === 'store.missing') return false;
    throw error;
  }
}

/** Tells weights in one place from others that come to lie there: names, sizes and times of the files. */
async function fingerprint(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /\.(safetensors|json|bin)$/.test(name)).sort();
  const facts = await Promise.all(names.map(async (name) => [name, (await stat(join(folder, name))).size, (await stat(join(folder, name))).mtimeMs]));
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16);
}

/** Distinct labels stay distinct. */
function fileName(label: string): string {
  const plain = label
    .replaceAll(/[^A-Za-z0-9._@-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(-80);
  return plain === label ? plain : `${plain}-${createHash('sha256').update(label).digest('hex').slice(0, 8)}`;
}
