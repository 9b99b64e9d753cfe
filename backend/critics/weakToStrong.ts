/** Critic: another local model criticizes the policy's answers, typically a smaller one. */
import type { Critic } from './critic.ts';
import { writeByModel } from './modelCritic.ts';
import { answeredConversation } from './self.ts';

export const weakToStrong: Critic = {
  name: 'weak-to-strong',
  summary: 'Another local model (criticOptions.modelFolder) criticizes the answer; dropped where it contradicts the verifier.',
  kind: 'weakToStrong',
  needs: { solution: false, generation: false, model: 'folder' },
  async write(inputs, { model, modelName = null, seeds, options, template }) {
    if (model === undefined) throw new Error('no model is open');
    const messagesOf = template ?? answeredConversation;
    return writeByModel({ inputs, messagesOf, generate: model, model: modelName, seeds, options, requiresConclusion: false });
  },
};
