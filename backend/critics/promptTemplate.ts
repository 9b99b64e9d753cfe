/** The request to a critic as a Jinja template, which a person may change. */
import { Template } from '@huggingface/jinja';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import type { Message } from '../protocol/records.ts';
import type { CriticInput } from './critic.ts';
import { unknownNames } from './templateNames.ts';

/** Everything that a template may name. */
export interface PromptVariables {
  /** The question as the data set asks it. */
  readonly question: string;
  /** The gold final answer. */
  readonly answer: string;
  /** The answer to be criticized. */
  readonly response: string;
  /** What the verifier said: right, wrong or failed. */
  readonly verdict: string;
  /** The final answer as the verifier read it; none where it found none. */
  readonly extracted: string | null;
  /** The data set's worked solution; none where it has none. */
  readonly demonstration: string | null;
  readonly level: string;
  /** The problem's conversation, each with role and content. */
  readonly messages: readonly Message[];
}

export type PromptTemplate = (input: CriticInput) => Message[];

const variableNames = [
  'question',
  'answer',
  'response',
  'verdict',
  'extracted',
  'demonstration',
  'level',
  'messages',
] as const satisfies readonly (keyof PromptVariables)[];

/** `origin` names the template in errors. Throws `critic.badPrompt` for one that does not parse or names a variable that there is not. */
export function compilePromptTemplate(source: string, origin: string): PromptTemplate {
  let template: Template;
  try {
    template = new Template(source);
  } catch (error) {
    throw badPrompt(origin, `does not parse: ${messageOf(error)}`, error);
  }
  const unknown = unknownNames(template.parsed, variableNames);
  if (unknown.length > 0) throw badPrompt(origin, `names ${unknown.join(', ')}; there are ${variableNames.join(', ')}`);
  return (input) => {
    let content: string;
    try {
      content = template.render({ ...promptVariables(input) }).trim();
    } catch (error) {
      throw badPrompt(origin, `cannot be rendered for problem ${input.problem.id}: ${messageOf(error)}`, error);
    }
    if (content === '') throw badPrompt(origin, `renders nothing for problem ${input.problem.id}`);
    return [{ role: 'user', content }];
  };
}

export function promptVariables({ problem, rollout, verdict }: CriticInput): PromptVariables {
  return {
    question: problem.prompt.at(-1)?.content ?? '',
    answer: problem.answer,
    response: rollout.completion,
    verdict: verdict.status,
    extracted: verdict.extracted,
    demonstration: problem.demonstration ?? null,
    level: problem.level,
    messages: problem.prompt,
  };
}

function badPrompt(origin: string, problem: string, cause?: unknown): WorkbenchError {
  return new WorkbenchError({
    code: 'critic.badPrompt',
    message: `The critic's prompt ${origin} ${problem.replace(/\.$/, '')}.`,
    remedy: 'Correct the template; media/prompts has ones that work, and their variables.',
    ...(cause === undefined ? {} : { cause }),
  });
}
