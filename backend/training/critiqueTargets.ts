/** Critiques as texts to learn: what the policy is asked when it is to criticize an answer, and the critique as its reply. */
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { critiqueMessages } from '../text/prompts.ts';
import type { Critiqued } from './critique.ts';
import type { Run } from './run.ts';
import type { StepScope } from './stepScope.ts';

export interface CritiqueTarget extends Critiqued {
  /** Problem and answer, with the request to criticize. */
  readonly promptTokens: readonly number[];
  /** The critique, end token included. */
  readonly tokens: readonly number[];
}

/** Those that fit the context; the others are left out, with a notice. A critique is a text, whoever wrote it, and is encoded here. */
export function critiqueTargets(run: Run, scope: StepScope, critiqued: readonly Critiqued[]): CritiqueTarget[] {
  return critiqued.flatMap((entry): CritiqueTarget[] => {
    const { problem, rollout, critique } = entry;
    const conversation = [...problem.prompt, { role: 'assistant' as const, content: rollout.completion }];
    try {
      const promptTokens = run.tokenizer.encodeConversation(critiqueMessages(conversation, run.config.prompt), 'critique');
      const { eosToken } = run.tokenizer;
      const tokens = [...run.tokenizer.encodeText(critique.text), ...(eosToken === undefined ? [] : [eosToken])];
      if (promptTokens.length + tokens.length <= run.contextLength) return [{ ...entry, promptTokens, tokens }];
      scope.notice(
        'critique.tooLong',
        `The critique ${critique.id} does not fit the context of ${run.contextLength} tokens after its answer; it is not trained on.`,
      );
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error;
      scope.notice('critique.noPrompt', `The critique ${critique.id} is not trained on: ${messageOf(error)}`);
    }
    return [];
  });
}
