/** Runs a critic so that its failure costs critiques, never the run. */
import { messageOf } from '../core/errors.ts';
import type { CallReport, Critic, CriticInput, CriticTools } from './critic.ts';

/** A text, who wrote it, and how it came about where a model was asked. */
export interface WrittenCritique {
  /** Null where there is nothing to refine from. */
  readonly text: string | null;
  readonly kind: Critic['kind'];
  readonly author: string;
  readonly call: CallReport | null;
}

export interface WrittenCritiques {
  /** One an input, in order. */
  readonly critiques: readonly WrittenCritique[];
  readonly notices: readonly { readonly code: 'critic.failed'; readonly message: string }[];
}

/**
 * The critic's texts. A critic that throws or answers with something other than one text an input gives nulls and a notice. A blank
 * text counts as none, except from a `resample` critic, whose critique *is* empty. An aborted call is passed on as the abort it is.
 */
export async function runCritic(critic: Critic, inputs: readonly CriticInput[], tools: CriticTools): Promise<WrittenCritiques> {
  if (inputs.length === 0) return { critiques: [], notices: [] };
  const own = { kind: critic.kind, author: critic.name, call: null };
  const failed = (problem: string): WrittenCritiques => ({
    critiques: inputs.map(() => ({ ...own, text: null })),
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
  let strangers = 0;
  const critiques = written.map((entry: unknown): WrittenCritique => {
    const reported = typeof entry === 'object' && entry !== null && 'text' in entry ? (entry as Partial<WrittenCritique>) : { text: entry };
    const { text } = reported;
    if (text !== null && typeof text !== 'string') strangers += 1;
    const isSaid = typeof text === 'string' && (critic.kind === 'resample' || text.trim() !== '');
    return { ...own, ...reported, text: isSaid ? text : null };
  });
  const message = `The critic "${critic.name}" returned something other than a text for ${countOf(strangers)}.`;
  return { critiques, notices: strangers === 0 ? [] : [{ code: 'critic.failed', message }] };
}

function countOf(rollouts: number): string {
  return rollouts === 1 ? '1 rollout' : `${rollouts} rollouts`;
}
