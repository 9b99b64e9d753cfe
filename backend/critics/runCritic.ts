/** Runs a critic so that its failure costs critiques, never the run. */
import { messageOf } from '../core/errors.ts';
import type { Critic, CriticInput, CriticTools } from './critic.ts';

export interface WrittenCritiques {
  /** One an input, in order; null where there is nothing to refine from. */
  readonly texts: readonly (string | null)[];
  readonly notices: readonly { readonly code: 'critic.failed'; readonly message: string }[];
}

/**
 * The critic's texts. A critic that throws or answers with something other than one text an input gives nulls and a notice. A blank
 * text counts as none, except from a `resample` critic, whose critique *is* empty. An aborted call is passed on as the abort it is.
 */
export async function runCritic(critic: Critic, inputs: readonly CriticInput[], tools: CriticTools): Promise<WrittenCritiques> {
  if (inputs.length === 0) return { texts: [], notices: [] };
  const failed = (problem: string): WrittenCritiques => ({
    texts: inputs.map(() => null),
    notices: [{ code: 'critic.failed', message: `The critic "${critic.name}" wrote no critique of ${countOf(inputs.length)}: ${problem}.` }],
  });
  let written: unknown;
  try {
    written = await critic.write(inputs, tools);
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw error;
    return failed(messageOf(error));
  }
  if (!Array.isArray(written)) return failed('it returned no list of texts');
  if (written.length !== inputs.length) return failed(`it returned ${written.length} texts for ${countOf(inputs.length)}`);
  const strangers = written.filter((text) => text !== null && typeof text !== 'string').length;
  return {
    texts: written.map((text: unknown) => (typeof text === 'string' && (critic.kind === 'resample' || text.trim() !== '') ? text : null)),
    notices:
      strangers === 0
        ? []
        : [{ code: 'critic.failed', message: `The critic "${critic.name}" returned something other than a text for ${countOf(strangers)}.` }],
  };
}

function countOf(rollouts: number): string {
  return rollouts === 1 ? '1 rollout' : `${rollouts} rollouts`;
}
