/** The documents of scheme `cgrpo`: what each shows, and its address (path: a title for people; query: ids). */
import { visibleLabel } from './visibleText.ts';

export const documentScheme = 'cgrpo';

export type DocumentPart =
  /** A failed rollout with its problem, critiques and what was tried. */
  | { readonly part: 'failure' }
  /** The failed answer alone, for a diff. */
  | { readonly part: 'answer' }
  | { readonly part: 'refinement'; readonly refinementId: string }
  | { readonly part: 'critique'; readonly critiqueId: string }
  /** The person's own unsaved critique. */
  | { readonly part: 'draft' };

export type DocumentAddress = DocumentPart & { readonly runId: string; readonly rolloutId: string };

export interface AddressParts {
  readonly path: string;
  readonly query: string;
}

/** `title` is what the editor's tab shows; the ids alone decide what the document is. */
export function addressParts(address: DocumentAddress, title: string): AddressParts {
  const { runId, rolloutId, part } = address;
  const query = new URLSearchParams({ run: runId, rollout: rolloutId, part });
  if (address.part === 'refinement') query.set('id', address.refinementId);
  if (address.part === 'critique') query.set('id', address.critiqueId);
  // A slash would make folders of it. The ending is that of our language: plain text with wrapped lines, whatever the text looks like.
  const ending = part === 'critique' || part === 'draft' ? 'critique' : 'rollout';
  return { path: `/${visibleLabel(title, 80).replace(/[/\\]/g, '∕')}.${ending}`, query: query.toString() };
}

/** Null for an address that is none of ours. */
export function parseAddress(query: string): DocumentAddress | null {
  const fields = new URLSearchParams(query);
  const runId = fields.get('run');
  const rolloutId = fields.get('rollout');
  const id = fields.get('id');
  if (!runId || !rolloutId) return null;
  const part = fields.get('part');
  switch (part) {
    case 'failure':
    case 'answer':
    case 'draft':
      return { part, runId, rolloutId };
    case 'refinement':
      return id ? { part, runId, rolloutId, refinementId: id } : null;
    case 'critique':
      return id ? { part, runId, rolloutId, critiqueId: id } : null;
    default:
      return null;
  }
}

export function failureTitle(problemId: string, step: number, index: number): string {
  return `${problemId} · step ${step} · answer ${index + 1}`;
}
