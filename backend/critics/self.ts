/** Critic: the policy examines its own answer, with no reference unless a prompt file gives it one. */
import type { Message } from '../protocol/records.ts';
import { critiqueText } from './conclusion.ts';
import type { Critic, CriticInput } from './critic.ts';

export const self: Critic = {
  name: 'self',
  summary: 'The policy criticizes its own answer.',
  kind: 'self',
  needs: { solution: false, generation: true },
  async write(inputs, { generate, seeds, template }) {
    const answers = await generate(inputs.map(template ?? answeredConversation), 'critique', seeds);
    return answers.map(({ text }) => critiqueText(text) || null);
  },
};

/** Question and answer as turns; the trainer turns them into a request to criticize as the run's prompts do. */
export function answeredConversation({ problem, rollout }: CriticInput): Message[] {
  return [...problem.prompt, { role: 'assistant', content: rollout.completion }];
}
