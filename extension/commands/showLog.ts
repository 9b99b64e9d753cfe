/** Shows what extension and backend wrote down. */
import type { Command } from '../services.ts';

export const showLog: Command = {
  id: 'critiqueGrpo.showLog',
  run({ log }) {
    log.show();
    return Promise.resolve();
  },
};
