/** Opens a run: loads and checks everything it names before the first token is sampled, and closes it again. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import type { Algorithm } from '../algorithms/algorithm.ts';
import { WorkbenchError } from '../core/errors.ts';
import type { Critic } from '../critics/critic.ts';
import { critics } from '../critics/index.ts';
import { readProblems } from '../data/jsonl.ts';
import type { Engine } from '../engine/contract.ts';
import { EngineProcess } from '../engine/local/client.ts';
import type { Problem } from '../protocol/records.ts';
import type { RunConfig, Switches } from '../protocol/runConfig.ts';
import { GraderPool } from '../rewards/graderPool.ts';
import { verifiers } from '../rewards/index.ts';
import { selfTest } from '../rewards/selfTest.ts';
import type { Verifier } from '../rewards/verifier.ts';
import type { Store } from '../store/store.ts';
import { fitRefinementPrompt } from '../text/fitRefinementPrompt.ts';
import { problemMessages } from '../text/prompts.ts';
import { loadTokenizer, type Tokenizer } from '../text/tokenizer.ts';
import { ReopenableEngine } from './reopenableEngine.ts';
import type { Run, RunObserver } from './run.ts';

/** Built entries of the processes that a run starts. */
export interface Entries {
  /** `dist/engine.js` */
  readonly engine: string;
  /** `dist/grader.js` */
  readonly grader: string;
}

export interface OpenRunOptions {
  readonly id: string;
  readonly config: RunConfig;
  readonly store: Store;
  /** Folder of the run: checkpoints lie in it. */
  readonly folder: string;
  readonly entries: Entries;
  /** What `demo:` in paths stands for. */
  readonly demoFolder: string;
  readonly threads: number;
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
}

/** Longest context prepared for, in tokens; longer ones need rotary tables and caches that a small machine cannot hold. */
const maxPositions = 32_768;
/** Decode batch: more rows cost memory and, on few cores, gain nothing. */
const maxRows = 64;

export async function openRun(options: OpenRunOptions): Promise<Run> {
  const { config, signal } = options;
  const algorithm = findAlgorithm(config.algorithm);
  const switches: Switches = { ...algorithm.defaults, ...withoutUndefined(config.switches) };
  const critic = findCritic(config.critic);
  const verifier = findVerifier(config.verifier);
  const at = (path: string): string => resolveDemo(path, options.demoFolder);
  const trainProblems = (await readProblems(at(config.data.train), config.data)).problems;
  const heldOutProblems = config.data.heldOut === null ? [] : (await readProblems(at(config.data.heldOut), config.data)).problems;
  const tokenizer = await loadTokenizer(at(config.model.path));
  checkNeeds(algorithm, critic, trainProblems, tokenizer, config);

  const graderPool = verifier.isBounded === true ? undefined : new GraderPool({ entry: pathToFileURL(options.entries.grader), size: 2 });
  const engineOptions = {
    entry: options.entries.engine,
    model: at(config.model.path),
    ...(config.model.lora === null ? {} : { lora: config.model.lora, adapterSeed: config.seed }),
    keepReference: switches.klCoefficient > 0,
    threads: options.threads,
    maxPositions,
    microBatchTokens: config.training.microBatchTokens,
    layerCheckpointing: config.training.layerCheckpointing,
    maxRows,
  };
  const engine = await openEngine(
    () => EngineProcess.open(engineOptions),
    () => checkVerifier(verifier, trainProblems, graderPool, signal),
    graderPool,
  );
  const { maxPositions: contextLength } = await engine.describe();
  const prompts = new Map<string, readonly number[]>();
  const run: Run = {
    id: options.id,
    config,
    switches,
    algorithm,
    critic,
    verifier,
    graderPool,
    trainProblems,
    heldOutProblems,
    tokenizer,
    contextLength,
    engine,
    store: options.store,
    folder: options.folder,
    modelFolder: at(config.model.path),
    observer: options.observer,
    signal,
    promptOf(problem) {
      const known = prompts.get(problem.id);
      if (known !== undefined) return known;
      const tokens = tokenizer.encodeConversation(problemMessages(problem, config.prompt), 'answer');
      prompts.set(problem.id, tokens);
      return tokens;
    },
    refinementPromptOf(problem, rollout, critique) {
      if (critique === '') return run.promptOf(problem);
      const request = {
        problem,
        completion: rollout.completion,
        critiqueText: critique,
        config: config.prompt,
        maxPromptTokens: contextLength - config.sampling.maxTokens,
      };
      return fitRefinementPrompt(tokenizer, request)?.tokens ?? null;
    },
    demonstrationOf: (problem) => [
      ...tokenizer.encodeText(problem.demonstration ?? ''),
      ...(tokenizer.eosToken === undefined ? [] : [tokenizer.eosToken]),
    ],
  };
  try {
    checkLengths(run);
    return run;
  } catch (error) {
    await closeRun(run);
    throw error;
  }
}

/** Opens the engine after the check; whatever fails, no worker is left behind. */
async function openEngine(open: () => Promise<Engine>, check: () => Promise<void>, graderPool: GraderPool | undefined): Promise<ReopenableEngine> {
  try {
    await check();
    return await ReopenableEngine.open(open);
  } catch (error) {
    await graderPool?.dispose();
    throw error;
  }
}

export async function closeRun(run: Run): Promise<void> {
  await run.engine.dispose();
  await run.graderPool?.dispose();
}

/** `demo:train.jsonl` lies in the bundled demonstration; other paths are as they are. */
export function resolveDemo(path: string, demoFolder: string): string {
  return path.startsWith('demo:') ? join(demoFolder, path.slice('demo:'.length)) : path;
}

export function findCritic(name: string): Critic {
  return findNamed(critics, name, 'critic');
}

export function findVerifier(name: string): Verifier {
  return findNamed(verifiers, name, 'verifier');
}

function findNamed<T extends { readonly name: string }>(registry: Readonly<Record<string, T>>, name: string, kind: string): T {
  const found = registry[name] ?? Object.values(registry).find((entry) => entry.name === name);
  if (found === undefined) {
    throw new WorkbenchError({
      code: `${kind}.unknown`,
      message: `There is no ${kind} named "${name}".`,
      remedy: `Choose one of: ${Object.keys(registry).join(', ')}.`,
    });
  }
  return found;
}

function withoutUndefined(switches: RunConfig['switches']): Partial<Switches> {
  return Object.fromEntries(Object.entries(switches).filter(([, value]) => value !== undefined));
}

function checkNeeds(algorithm: Algorithm, critic: Critic, problems: readonly Problem[], tokenizer: Tokenizer, config: RunConfig): void {
  const lacking = (what: (problem: Problem) => unknown): Problem | undefined => problems.find((problem) => what(problem) === undefined);
  const undemonstrated = algorithm.needs.demonstrations ? lacking(({ demonstration }) => demonstration) : undefined;
  if (undemonstrated !== undefined) {
    throw new WorkbenchError({
      code: 'data.noDemonstration',
      message: `The algorithm ${algorithm.name} imitates demonstrations, and problem ${undemonstrated.id} of ${config.data.train} has none.`,
      remedy: 'Add a "demonstration" to each row, or choose another algorithm.',
    });
  }
  const unsolved = algorithm.needs.critiques && critic.needs.solution ? lacking(({ solution }) => solution) : undefined;
  if (unsolved !== undefined) {
    throw new WorkbenchError({
      code: 'data.noSolution',
      message: `The critic ${critic.name} compares an answer with the steps of a reference solution, and problem ${unsolved.id} of ${config.data.train} has none.`,
      remedy: 'Add a "solution" to each row, or choose the critic verdict, verdictAnswer or self.',
    });
  }
  if (tokenizer.stopTokens.length === 0) {
    throw new WorkbenchError({
      code: 'tokenizer.noStop',
      message: `The model folder ${config.model.path} names no end token, so every completion would run to its limit.`,
      remedy: 'Add "eos_token_id" to its generation_config.json.',
    });
  }
}

/** A verifier that does not know the gold answers would score every rollout as wrong, and nothing would say so. */
async function checkVerifier(verifier: Verifier, problems: readonly Problem[], pool: GraderPool | undefined, signal: AbortSignal): Promise<void> {
  const missed = await selfTest(verifier, problems, { deadlineMs: 5000, signal, ...(pool === undefined ? {} : { pool }) });
  const first = missed[0];
  if (first !== undefined && missed.length * 2 > problems.length) {
    throw new WorkbenchError({
      code: 'verifier.unfit',
      message: `The verifier "${verifier.name}" does not recognize the gold answer of ${missed.length} of ${problems.length} problems, for example "${first.answer}" of ${first.problemId}: ${first.reason}`,
      remedy: 'Choose a verifier that fits the answers, or correct the answers.',
    });
  }
}

function checkLengths(run: Run): void {
  for (const problem of [...run.trainProblems, ...run.heldOutProblems]) {
    const length = run.promptOf(problem).length;
    if (length + run.config.sampling.maxTokens > run.contextLength) {
      throw new WorkbenchError({
        code: 'prompt.tooLong',
        message: `Problem ${problem.id} has a prompt of ${length} tokens; with sampling.maxTokens ${run.config.sampling.maxTokens} it exceeds the model's context of ${run.contextLength}.`,
        remedy: 'Shorten or remove the problem, or lower sampling.maxTokens.',
      });
    }
  }
}
