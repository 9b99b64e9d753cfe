/** Opens a run: loads and checks everything it names before the first token is sampled. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Algorithm } from '../algorithms/algorithm.ts';
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import { WorkbenchError } from '../core/errors.ts';
import type { Critic } from '../critics/critic.ts';
import { readModelConfig } from '../models/folder.ts';
import type { Message, Problem } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { Store } from '../store/store.ts';
import { fitRefinementPrompt } from '../text/fitRefinementPrompt.ts';
import { critiqueMessages, refinementMessages } from '../text/prompts.ts';
import { criticModelBytes, withCriticModel } from './criticMemory.ts';
import { CriticModels, type CriticSurroundings } from './criticModels.ts';
import { forgetDataPins, readDataPins, writeDataPins } from './dataPins.ts';
import { readPinnedRunData } from './dataSets.ts';
import { findCritic } from './findPlugin.ts';
import { requireFitVerifier } from './grading.ts';
import { longestTrainedPrompt } from './groupArithmetic.ts';
import { estimateRunMemory, requireMemory, sequencesAtOnce } from './memory.ts';
import { forgetModelPins } from './modelPins.ts';
import { closePolicy, openPolicy, requireFittingPrompts, type OpenPolicyOptions } from './policy.ts';
import type { Boundary, Run } from './run.ts';
import { requireRemoteRun } from './remoteEngine.ts';
import { readRunEngine, writeRunEngine } from './runEngine.ts';
import { switchesOf } from './switches.ts';

export interface OpenRunOptions extends OpenPolicyOptions {
  readonly store: Store;
  /** Folder of the run: checkpoints lie in it. */
  readonly folder: string;
  readonly boundary?: Boundary;
  /** Where critics find keys and the editor's models; the environment of this process when left out. */
  readonly surroundings?: CriticSurroundings;
}

export async function openRun(options: OpenRunOptions): Promise<Run> {
  const { config } = options;
  const algorithm = findAlgorithm(config.algorithm);
  const switches = switchesOf(config);
  const critic = findCritic(config.critic);
  requireRemoteRun({ config, algorithm, switches });
  // What a start that failed has left binds nobody.
  if (options.store.run(options.id) === null) await Promise.all([forgetDataPins(options.folder), forgetModelPins(options.folder)]);
  const pinsBefore = await readDataPins(options.folder);
  const source = { demoFolder: options.demoFolder, signal: options.signal, pinFolder: options.folder };
  const { sets, pins } = await readPinnedRunData(config, source, pinsBefore);
  const { train: trainProblems, heldOut: heldOutProblems } = sets;
  requireData(algorithm, critic, trainProblems, config);

  const own = await readRunEngine(options.folder);
  const threads = own?.threads ?? options.threads;
  const criticModels = await CriticModels.open({ ...options, threads });
  const policy = await openPolicy({
    graderLog: join(options.folder, 'verifier.log'),
    ...options,
    threads,
    ...(own === undefined ? {} : { providers: own.providers }),
    keepReference: switches.klCoefficient > 0,
    willTrain: true,
  });
  criticModels.computeOn(policy.providers);
  const { tokenizer, contextLength, providers } = policy;
  const run: Run = {
    ...policy,
    switches,
    algorithm,
    critic,
    criticModels,
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
    await requireFittingMemory(run, options.demoFolder);
    if (algorithm.needs.critiques) await criticModels.prepare(critic);
    if (algorithm.needs.demonstrations) requireFittingDemonstrations(run);
    if (algorithm.needs.critiques) requireConversations(run);
    const misfit = await requireFitVerifier(run, trainProblems);
    if (own === undefined) await writeRunEngine(options.folder, { threads, providers });
    if (!isDeepStrictEqual(pins, pinsBefore)) await writeDataPins(options.folder, pins);
    const remarks = [
      ...(providers.reason === undefined ? [] : [{ code: 'engine.provider', message: providers.reason }]),
      ...(misfit === null ? [] : [{ code: 'verifier.missesGold', message: misfit }]),
    ];
    return remarks.length === 0 ? run : { ...run, remarks };
  } catch (error) {
    await closePolicy(run);
    throw error;
  }
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

async function requireFittingMemory(run: Run, demoFolder: string): Promise<void> {
  // What the estimate is mostly about lies in a GPU's memory then, of which nothing is known here: it refuses what it cannot hold.
  if (run.providers.training !== 'cpu') return;
  const problems = [...run.trainProblems, ...run.heldOutProblems];
  const longestPrompt = problems.reduce((longest, problem) => Math.max(longest, run.promptOf(problem).length), 0);
  const { config: model } = await readModelConfig(run.modelFolder);
  const { residentBytes } = await run.engine.describe();
  const criticBytes = run.algorithm.needs.critiques ? await criticModelBytes(run.critic, run.config, longestPrompt, demoFolder) : 0;
  const sequences = sequencesAtOnce(run.config, run.switches, { train: run.trainProblems.length, heldOut: run.heldOutProblems.length });
  requireMemory(
    withCriticModel(estimateRunMemory(run.config, run.switches, model, longestTrainedPrompt(run, longestPrompt), sequences), criticBytes),
    process.memoryUsage.rss() + residentBytes,
  );
}

/** A chat template may take a question and refuse the turns after it: found here, not in the first step that has something to refine. */
function requireConversations({ algorithm: { needs }, critic, config, tokenizer, trainProblems }: Run): void {
  const [problem] = trainProblems;
  if (problem === undefined) return;
  if (critic.kind !== 'resample' && (needs.refinements || needs.teacher))
    tokenizer.encodeConversation(refinementMessages(problem, 'An answer.', 'A critique.', config.prompt), 'answer');
  if (critic.needs.generation || needs.critiqueTargets) {
    const answered: Message[] = [...problem.prompt, { role: 'assistant', content: 'An answer.' }];
    tokenizer.encodeConversation(critiqueMessages(answered, config.prompt), 'critique');
  }
}
