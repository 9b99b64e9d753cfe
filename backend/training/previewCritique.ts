/** What a critic would be asked, before anyone is asked and anything is paid. */
import { WorkbenchError } from '../core/errors.ts';
import type { Critic, CriticInput } from '../critics/critic.ts';
import type { Message, Problem } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { CriticPreview } from '../protocol/criticViews.ts';
import type { Store } from '../store/store.ts';
import { critiqueMessages } from '../text/prompts.ts';
import { readTemplate } from './criticModels.ts';
import { findCritic } from './findPlugin.ts';
import { readRunData } from './dataSets.ts';

export interface PreviewOptions {
  readonly demoFolder: string;
  readonly signal: AbortSignal;
  /** A rollout of a run; without it an answer to the first problem is made up. */
  readonly recorded?: { readonly store: Store; readonly runId: string; readonly rolloutId: string };
}

/** Throws `rollout.missing`, `critic.unknown`, `critic.badPrompt`, and what reading the data throws. */
export async function previewCritique(config: RunConfig, options: PreviewOptions): Promise<CriticPreview> {
  const critic = findCritic(config.critic);
  const { recorded } = options;
  const input = recorded === undefined ? await exampleOf(config, options) : recordedInput(recorded);
  const isExample = recorded === undefined;
  const template = await readTemplate(config, options.demoFolder);
  const messages = requestOf(critic, config, input, template?.(input) ?? critic.request?.(input) ?? null);
  if (messages !== null) return { critic: critic.name, asks: whoIsAsked(critic, config), messages, text: null, isExample };
  const tools = {
    generate: () => Promise.reject(new Error('a critic that follows a rule asks nobody')),
    seeds: [0],
    options: config.criticOptions,
    template,
  };
  const [said = null] = await critic.write([input], tools);
  return { critic: critic.name, asks: null, messages: [], text: typeof said === 'object' ? (said?.text ?? null) : said, isExample };
}

/** Null for critics that follow a rule. */
function requestOf({ needs }: Critic, config: RunConfig, input: CriticInput, own: Message[] | null): Message[] | null {
  if (!needs.generation && needs.model === undefined) return null;
  return critiqueMessages(own ?? [...input.problem.prompt, { role: 'assistant', content: input.rollout.completion }], config.prompt);
}

function whoIsAsked({ needs }: Critic, { criticOptions }: RunConfig): string {
  const { endpoint, model, baseUrl, modelFolder } = criticOptions;
  if (needs.model === 'folder') return `the model in ${modelFolder ?? '(criticOptions.modelFolder is missing)'}`;
  if (needs.model === undefined) return 'the policy';
  if (endpoint === 'editor') return `${model ?? 'a language model'} of the editor`;
  return `${model ?? '(criticOptions.model is missing)'} at ${baseUrl ?? '(criticOptions.baseUrl is missing)'}`;
}

function recordedInput({ store, runId, rolloutId }: NonNullable<PreviewOptions['recorded']>): CriticInput {
  const attempt = store.attempt(runId, rolloutId);
  const problem = attempt === null ? null : store.problem(runId, attempt.rollout.problemId);
  if (attempt !== null && problem !== null && attempt.verdict !== null) return { problem, rollout: attempt.rollout, verdict: attempt.verdict };
  throw new WorkbenchError({
    code: 'rollout.missing',
    message: `Run ${runId} has no graded rollout ${rolloutId}.`,
    remedy: 'Refresh the list and open one that it shows.',
  });
}

async function exampleOf(config: RunConfig, options: PreviewOptions): Promise<CriticInput> {
  const { train } = await readRunData(config, options);
  const [problem] = train;
  if (problem === undefined) throw new Error('data without a problem was read');
  return exampleInput(problem);
}

/** A wrong answer to the problem, made up. */
export function exampleInput(problem: Problem): CriticInput {
  const answer = '42';
  return {
    problem,
    rollout: {
      id: 'example',
      runId: 'example',
      step: 1,
      problemId: problem.id,
      index: 0,
      policyVersion: 0,
      seed: 0,
      promptTokens: [],
      tokens: [],
      behaviorLogprobs: [],
      completion: `Step 1: I take the numbers of the question and put them together. So the answer is \\boxed{${answer}}.`,
      finish: 'stop',
    },
    verdict: {
      rolloutId: 'example',
      verifier: 'none',
      status: 'wrong',
      reward: 0,
      extracted: answer,
      reason: 'An example.',
      cause: 'wrongValue',
    },
  };
}
