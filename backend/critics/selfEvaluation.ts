/** Critic: the policy judges its own answer without any reference, and criticizes only what it finds wrong. */
import { conclusionOf, critiqueText } from './conclusion.ts';
import type { Critic, ReportedCritique } from './critic.ts';
import { reportOf } from './modelCritic.ts';
import { answeredConversation } from './self.ts';

export const selfEvaluation: Critic = {
  name: 'self-evaluation',
  summary: 'The policy judges its own answer, with no reference, and criticizes what it finds wrong.',
  kind: 'selfEvaluation',
  needs: { solution: false, generation: true },
  async write(inputs, { generate, seeds, template }) {
    const started = performance.now();
    const answers = await generate(inputs.map(template ?? answeredConversation), 'critique', seeds);
    const seconds = (performance.now() - started) / 1000;
    return answers.map((answer, i): ReportedCritique => {
      const text = critiqueText(answer.text);
      const conclusion = conclusionOf(text);
      const status = inputs[i]?.verdict.status;
      const isMistaken = conclusion !== null && status !== 'failed' && conclusion !== status;
      const call = reportOf([answer], { model: null, conclusion, disagreements: isMistaken ? 1 : 0, seconds });
      if (conclusion === 'right') return { text: null, call: { ...call, error: 'the policy finds nothing wrong' } };
      return text === '' ? { text: null, call: { ...call, error: answer.error ?? 'the policy said nothing' } } : { text, call };
    });
  },
};
