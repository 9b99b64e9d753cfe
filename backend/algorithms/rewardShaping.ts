/** Changes of rewards that no verdict is changed by. */
import type { Switches } from '../protocol/runConfig.ts';

/**
 * What an answer of `length` tokens gains for its length, from −1 to 0: nothing up to maxTokens − B with B = overlongBuffer · maxTokens,
 * then falling linearly to −1 at maxTokens (soft overlong punishment; DAPO, Yu et al. 2025, arXiv 2503.14476, eq. 13).
 */
export function overlongPunishment(length: number, maxTokens: number, { overlongBuffer }: Pick<Switches, 'overlongBuffer'>): number {
  const buffer = overlongBuffer * maxTokens;
  if (buffer === 0) return 0;
  return Math.max(-1, Math.min(0, (maxTokens - buffer - length) / buffer));
}
