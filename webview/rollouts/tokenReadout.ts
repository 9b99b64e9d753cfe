/** Every number of one token, as a line of text. */
import type { TokenDetail } from '../../backend/protocol/views.ts';
import { measure } from './tokenMeasures.ts';
import { quotedText } from './tokenText.ts';
import { signed } from './tokenTotals.ts';

export function readout(detail: TokenDetail, at: number): string {
  const token = detail.tokens[at];
  if (token === undefined) return '';
  const parts = [`${at + 1} of ${detail.tokens.length}`, quotedText(token.text), `log π ${signed(token.logprob)} (p ${probability(token.logprob)})`];
  if (token.problemLogprob !== null) parts.push(`from the problem alone ${signed(token.problemLogprob)} (p ${probability(token.problemLogprob)})`);
  const named = [
    ['gap', measure(detail, token, 'gap')],
    ['entropy', measure(detail, token, 'entropy')],
    ['advantage', measure(detail, token, 'advantage')],
    ['Ψ·A', detail.isRefinement ? measure(detail, token, 'shaping') : null],
  ] as const;
  for (const [name, value] of named) if (value !== null) parts.push(`${name} ${name === 'entropy' ? value.toFixed(3) : signed(value)}`);
  return parts.join(' · ');
}

function probability(logprob: number): string {
  const p = Math.exp(logprob);
  return p === 0 || p >= 0.001 ? p.toFixed(3) : p.toExponential(1);
}
