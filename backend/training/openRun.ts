/** Opens a run: loads and checks everything it names before the first token is sampled. */
import type { Algorithm } from '../algorithms/algorithm.ts';
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import { WorkbenchError } from '../core/errors.ts';
import type { Critic } from '../critics/critic.ts';
import { readProblems } from '../data/jsonl.ts';
import type { Problem } from '../protocol/records.ts';
import type { RunConfig, Switches } from '../protocol/runConfig.ts';
import { selfTest } from '../rewards/selfTest.ts';
import type { Store } from '../store/store.ts';
import { fitRefinementPrompt } from '../text/fitRefinementPrompt.ts';
import { findCritic } from './findPlugin.ts';
import { closePolicy, openPolicy, requireFittingPrompts, resolveDemo, type OpenPolicyOptions, type Policy } from './policy.ts';
import type { Run } from './run.ts';

export interface OpenRunOptions extends OpenPolicyOptions {
  readonly store: Store;
  /** Folder of the run: checkpoints lie in it. */
  readonly folder: string;
}

export async function openRun(options: OpenRunOptions): Promise<Run> {
  const { config } = options;
  const algorithm = findAlgorithm(config.algorithm);
  const switches = { ...algorithm.defaults, ...withoutUndefined(config.switches) };
  const critic = findCritic(config.critic);
  const read = async (path: string): Promise<readonly Problem[]> => (await readProblems(resolveDemo(path, options.demoFolder), config.data)).problems;
  const trainProblems = await read(config.data.train);
  const heldOutProblems = config.data.heldOut === null ? [] : await read(config.data.heldOut);
  requireData(algorithm, critic, trainProblems, config);

  const policy = await openPolicy({ ...options, keepReference: switches.klCoefficient > 0 });
  try {
    requireFittingPrompts(policy, [...trainProblems, ...heldOutProblems]);
    await requireFitVerifier(policy, trainProblems);
  } catch (error) {
    await closePolicy(policy);
    throw error;
  }
  const { tokenizer, contextLength } = policy;
  return {
    ...policy,
    switches,
    algorithm,
    critic,
    trainProblems,
    heldOutProblems,
    store: options.store,
    folder: options.folder,
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
}

function withoutUndefined(switches: RunConfig['switches']): Partial<Switches> {
  return Object.fromEntries(Object.entries(switches).filter(([, value]) => value !== undefined));
}

/** What algorithm and critic need of every training problem. */
function requireData({ name, needs }: Algorithm, critic: Critic, problems: readonly Problem[], { data }: RunConfig): void {
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

/** A verifier that does not know the gold answers would score every rollout as wrong, and nothing would say so. */
async function requireFitVerifier({ verifier, graderPool, signal }: Policy, problems: readonly Problem[]): Promise<void> {
  const missed = await selfTest(verifier, problems, { deadlineMs: 5000, signal, ...(graderPool === undefined ? {} : { pool: graderPool }) });
  const first = missed[0];
  if (first !== undefined && missed.length * 2 > problems.length) {
    throw new WorkbenchError({
      code: 'verifier.unfit',
      message: `The verifier "${verifier.name}" does not recognize the gold answer of ${missed.length} of ${problems.length} problems, for example "${first.answer}" of ${first.problemId}: ${first.reason}`,
      remedy: 'Choose a verifier that fits the answers, or correct the answers.',
    });
  }
}
