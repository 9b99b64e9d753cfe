/** Reads every list again. */
import type { Command } from '../services.ts';

export const refresh: Command = {
  id: 'critiqueGrpo.refresh',
  run: ({ sync }) => sync.refresh(),
};
