/** A policy as a critic may use it: conversations in, answers out. */
import type { Answer, Generate } from '../critics/critic.ts';
import { nothing } from '../critics/outsideModel.ts';
import { messageOf } from '../core/errors.ts';
import { critiqueMessages } from '../text/prompts.ts';
import type { Policy } from './policy.ts';
import { sampleCompletions } from './sampling.ts';
import type { StepScope } from './stepScope.ts';

export class PolicyVoice {
  tokensSampled = 0;
  /** What the engine threw: not the critic's failure, and the run's to deal with where the policy is the run's. */
  failure: Error | undefined;
  private readonly policy: Pick<Policy, 'config' | 'contextLength' | 'engine' | 'signal' | 'tokenizer'>;
  private readonly critic: string;
  private readonly notice: StepScope['notice'];
  private readonly maxTokens: number;

  /** `maxTokens`: of one answer. */
  constructor(policy: PolicyVoice['policy'], critic: string, notice: StepScope['notice'], maxTokens = policy.config.sampling.maxTokens) {
    this.policy = { ...policy, config: { ...policy.config, sampling: { ...policy.config.sampling, maxTokens } } };
    this.critic = critic;
    this.notice = notice;
    this.maxTokens = maxTokens;
  }

  /** A conversation that does not fit the context is answered with nothing. */
  readonly generate: Generate = async (conversations, purpose, seeds) => {
    const { config, contextLength, tokenizer } = this.policy;
    const prompts = conversations.map((messages) => {
      return tokenizer.encodeConversation(purpose === 'critique' ? critiqueMessages(messages, config.prompt) : messages, purpose);
    });
    const fitting = prompts.flatMap((prompt, i) => (prompt.length + this.maxTokens <= contextLength ? [i] : []));
    if (fitting.length < prompts.length) {
      const message = `${prompts.length - fitting.length} of ${prompts.length} conversations of the critic "${this.critic}" do not fit the context of ${contextLength} tokens and got no answer.`;
      this.notice('critique.promptTooLong', message);
    }
    const answers = conversations.map((): Answer => ({ ...nothing, error: `the conversation does not fit the context of ${contextLength} tokens` }));
    const request = { prompts: fitting.map((i) => prompts[i] ?? []), seeds: fitting.map((i) => [seeds[i] ?? 0]) };
    try {
      const { sequences, tokensSampled } = await sampleCompletions(this.policy, request);
      this.tokensSampled += tokensSampled;
      fitting.forEach((i, at) => {
        const sequence = sequences[at]?.[0];
        const tokens = sequence?.tokens ?? [];
        answers[i] = {
          ...nothing,
          text: tokenizer.decode(tokens, { skipSpecial: true }),
          isCutOff: sequence?.finish === 'length',
          promptTokens: prompts[i]?.length ?? 0,
          completionTokens: tokens.length,
          attempts: 1,
        };
      });
      return answers;
    } catch (error) {
      this.failure ??= error instanceof Error ? error : new Error(messageOf(error));
      throw error;
    }
  };
}
