/** Opens a run: loads and checks everything it names before the first token is sampled. */
import { isDeepStrictEqual } from 'node:util';
import type { Algorithm } from '../algorithms/algorithm.ts';
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import { WorkbenchError } from '../core/errors.ts';
import type { Critic } from '../critics/critic.ts';
import { readProblems } from '../data/jsonl.ts';
import { readModelConfig } from '../models/folder.ts';
import type { Message, Problem } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { selfTest } from '../rewards/selfTest.ts';
import type { Store } from '../store/store.ts';
import { fitRefinementPrompt } from '../text/fitRefinementPrompt.ts';
import { critiqueMessages, refinementMessages } from '../text/prompts.ts';
import { findCritic } from './findPlugin.ts';
import { graderDeadlineMs } from './grading.ts';
import { estimateRunMemory, requireMemory } from './memory.ts';
import { closePolicy, openPolicy, requireFittingPrompts, resolveDemo, type OpenPolicyOptions } from './policy.ts';
import type { Boundary, Run } from './run.ts';
import { readThreads, writeThreads } from './runThreads.ts';
import { switchesOf } from './switches.ts';

export interface OpenRunOptions extends OpenPolicyOptions {
  readonly store: Store;
  /** Folder of the run: checkpoints lie in it. */
  readonly folder: string;
  readonly boundary?: Boundary;
}

export async function openRun(options: OpenRunOptions): Promise<Run> {
  const { config } = options;
  const algorithm = findAlgorithm(config.algorithm);
  const switches = switchesOf(config);
  const critic = findCritic(config.critic);
  const read = async (path: string): Promise<readonly Problem[]> => (await readProblems(resolveDemo(path, options.demoFolder), config.data)).problems;
  const trainProblems = await read(config.data.train);
  const heldOutProblems = config.data.heldOut === null ? [] : withOwnIds(await read(config.data.heldOut), trainProblems);
  requireData(algorithm, critic, trainProblems, config);

  const ownThreads = await readThreads(options.folder);
  const policy = await openPolicy({ ...options, threads: ownThreads ?? options.threads, keepReference: switches.klCoefficient > 0 });
  const { tokenizer, contextLength } = policy;
  const run: Run = {
    ...policy,
    switches,
    algorithm,
    critic,
    trainProblems,
    heldOutProblems,
    store: options.store,
    folder: options.folder,
    ...(options.boundary === undefined ? {} : { boundary: options.boundary }),
    refinementPromptOf(problem, rollout, critique) {
      if (critique === '') return policy.promptOf(problem);
      const maxPromptTokens = contextLength - config.sampling.maxTokens;
      const request = { problem, completion: rollout.completion, critiqueText: critique, config: config.prompt, maxPromptTokens };
      return fitRefinementPrompt(tokenizer, request)?.tokens ?? null;
    },
    demonstrationOf: ({ demonstration = '' }) => [
      ...tokenizer.encodeText(demonstration),
      ...(tokenizer.eosToken === undefined ? [] : [tokenizer.eosToken]),
    ],
  };
  try {
    requireFittingPrompts(run, [...trainProblems, ...heldOutProblems]);
    await requireFittingMemory(run);
    if (algorithm.needs.demonstrations) requireFittingDemonstrations(run);
    if (algorithm.needs.critiques) requireConversations(run);
    await requireFitVerifier(run, trainProblems);
    if (ownThreads === undefined) await writeThreads(options.folder, options.threads);
    return run;
  } catch (error) {
    await closePolicy(run);
    throw error;
  }
}

/** Files without ids both number their lines: a held-out problem that only shares the id of a training problem gets one of its own. */
function withOwnIds(heldOut: readonly Problem[], train: readonly Problem[]): readonly Problem[] {
  const trainById = new Map(train.map((problem) => [problem.id, problem]));
  return heldOut.map((problem) => {
    const namesake = trainById.get(problem.id);
    return namesake === undefined || isDeepStrictEqual(namesake, problem) ? problem : { ...problem, id: `heldOut:${problem.id}` };
  });
}

/** What algorithm and critic need of every training problem. */
export function requireData({ name, needs }: Algorithm, critic: Critic, problems: readonly Problem[], { data }: RunConfig): void {
  const lacking = (what: (problem: Problem) => unknown): Problem | undefined => problems.find((problem) => what(problem) === undefined);
  const undemonstrated = needs.demonstrations ? lacking(({ demonstration }) => demonstration) : undefined;
  if (undemonstrated !== undefined) {
    throw new WorkbenchError({
      code: 'data.noDemonstration',
      message: `The algorithm ${name} imitates demonstrations, and problem ${undemonstrated.id} of ${data.train} has none.`,
      remedy: 'Add a "demonstration" to each row, or choose another algorithm.',
    });
  }
  const unsolved = needs.critiques && critic.needs.solution ? lacking(({ solution }) => solution) : undefined;
  if (unsolved !== undefined) {
    throw new WorkbenchError({
      code: 'data.noSolution',
      message: `The critic ${critic.name} compares an answer with the steps of a reference solution, and problem ${unsolved.id} of ${data.train} has none.`,
      remedy: 'Add a "solution" to each row, or choose the critic verdict, verdict-answer or self.',
    });
  }
}

/** Throws `demonstration.tooLong` for the first problem that does not fit the context together with its demonstration. */
function requireFittingDemonstrations(run: Run): void {
  for (const problem of run.trainProblems) {
    const length = run.promptOf(problem).length + run.demonstrationOf(problem).length;
    if (length <= run.contextLength) continue;
    throw new WorkbenchError({
      code: 'demonstration.tooLong',
      message: `Problem ${problem.id} and its demonstration have ${length} tokens; the model's context is ${run.contextLength}.`,
      remedy: 'Shorten or remove the demonstration, or use a model with a longer context.',
    });
  }
}

async function requireFittingMemory(run: Run): Promise<void> {
  const problems = [...run.trainProblems, ...run.heldOutProblems];
  const longestPrompt = problems.reduce((longest, problem) => Math.max(longest, run.promptOf(problem).length), 0);
  const { config: model } = await readModelConfig(run.modelFolder);
  const { residentBytes } = await run.engine.describe();
  requireMemory(estimateRunMemory(run.config, run.switches, model, longestPrompt), process.memoryUsage.rss() + residentBytes);
}

/** A chat template may take a question and refuse the turns after it: found here, not in the first step that has something to refine. */
function requireConversations({ critic, config, tokenizer, trainProblems }: Run): void {
  const [problem] = trainProblems;
  if (problem === undefined) return;
  if (critic.kind !== 'resample') tokenizer.encodeConversation(refinementMessages(problem, 'An answer.', 'A critique.', config.prompt), 'answer');
  if (critic.needs.generation) {
    const answered: Message[] = [...problem.prompt, { role: 'assistant', content: 'An answer.' }];
    tokenizer.encodeConversation(critiqueMessages(answered, config.prompt), 'critique');
  }
}

/** A verifier that does not know the gold answers would score every rollout as wrong, and nothing would say so. */
async function requireFitVerifier({ verifier, graderPool, signal }: Run, problems: readonly Problem[]): Promise<void> {
  const missed = await selfTest(verifier, problems, {
    deadlineMs: graderDeadlineMs,
    signal,
    ...(graderPool === undefined ? {} : { pool: graderPool }),
  });
  const first = missed[0];
  if (first !== undefined && missed.length * 2 > problems.length) {
    throw new WorkbenchError({
      code: 'verifier.unfit',
      message: `The verifier "${verifier.name}" does not recognize the gold answer of ${missed.length} of ${problems.length} problems, for example "${first.answer}" of ${first.problemId}: ${first.reason}`,
      remedy: 'Choose a verifier that fits the answers, or correct the answers.',
    });
  }
}
