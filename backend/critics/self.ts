/** Critic: the policy examines its own answer, with no reference. */
import type { Critic } from './critic.ts';

export const self: Critic = {
  name: 'self',
  summary: 'The policy criticizes its own answer.',
  kind: 'self',
  needs: { solution: false, generation: true },
  async write(inputs, { generate, seeds }) {
    const conversations = inputs.map(({ problem, rollout }) => [...problem.prompt, { role: 'assistant' as const, content: rollout.completion }]);
    const texts = await generate(conversations, 'critique', seeds);
    return texts.map((text) => text.trim() || null);
  },
};
