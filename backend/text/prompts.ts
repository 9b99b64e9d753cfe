/** Conversations put to the policy: a problem, a problem with a criticized answer, and a request to criticize. */
import type { Message, Problem } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { critiqueRequest, refinementRequest } from './instructions.ts';

export type PromptConfig = RunConfig['prompt'];

/**
 * The problem as the policy is asked and trained on it. The run's system prompt stands first unless the problem brings one of its
 * own; the run's suffix follows the question.
 */
export function problemMessages(problem: Pick<Problem, 'prompt'>, config: PromptConfig): Message[] {
  const { before, question } = splitQuestion(problem.prompt);
  const hasSystem = before.some(({ role }) => role === 'system');
  const system: Message[] = config.system === null || hasSystem ? [] : [{ role: 'system', content: config.system }];
  return [...system, ...before, { role: 'user', content: question + config.suffix }];
}

/**
 * The problem, a failed answer and its critique: what a refinement is sampled from, and never trained on.
 * `conversation` gives them as turns, `instruction` quotes them in one user message with the request to answer anew.
 */
export function refinementMessages(problem: Pick<Problem, 'prompt'>, completion: string, critiqueText: string, config: PromptConfig): Message[] {
  const asked = problemMessages(problem, config);
  switch (config.refinement) {
    case 'conversation':
      return [...asked, { role: 'assistant', content: completion }, { role: 'user', content: critiqueText }];
    case 'instruction': {
      const { before, question } = splitQuestion(asked);
      return [...before, { role: 'user', content: refinementRequest(question, completion, critiqueText) }];
    }
  }
  return config.refinement satisfies never;
}

/**
 * A conversation that ends with the policy's answer, as a request to criticize that answer. `conversation` leaves it as it is (the
 * chat template opens a critique by its variable `purpose`); `instruction` quotes question and answer in one user message.
 */
export function critiqueMessages(conversation: readonly Message[], config: PromptConfig): Message[] {
  const answer = conversation.at(-1);
  if (config.refinement === 'conversation' || answer?.role !== 'assistant') return [...conversation];
  const { before, question } = splitQuestion(conversation.slice(0, -1));
  return [...before, { role: 'user', content: critiqueRequest(question, answer.content) }];
}

/** The last message is the question (the data source makes sure that a user asks it). */
function splitQuestion(messages: readonly Message[]): { readonly before: readonly Message[]; readonly question: string } {
  return { before: messages.slice(0, -1), question: messages.at(-1)?.content ?? '' };
}
