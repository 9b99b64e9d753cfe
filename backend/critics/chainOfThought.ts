/** Critic: a model at an endpoint examines the answer step by step (the paper's CoT critique). Its conclusion must agree with the verifier. */
import type { Critic } from './critic.ts';
import { chainOfThoughtPrompt } from './defaultPrompts.ts';
import { writeByModel } from './modelCritic.ts';
import { compilePromptTemplate } from './promptTemplate.ts';

const builtIn = compilePromptTemplate(chainOfThoughtPrompt, 'chainOfThought.jinja');

export const chainOfThought: Critic = {
  name: 'chain-of-thought',
  summary: 'A model at an endpoint examines the answer step by step; checked against the verifier.',
  kind: 'chainOfThought',
  needs: { solution: false, generation: false, model: 'endpoint' },
  request: builtIn,
  async write(inputs, { model, modelName = null, seeds, options, template }) {
    if (model === undefined) throw new Error('no endpoint is open');
    return writeByModel({ inputs, messagesOf: template ?? builtIn, generate: model, model: modelName, seeds, options, requiresConclusion: true });
  },
};
