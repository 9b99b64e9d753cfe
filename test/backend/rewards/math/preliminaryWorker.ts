/** Grader worker of the tests: says what it thinks, and then does as the completion says. Bundled and run as a worker. */
import { parentPort, type MessagePort } from 'node:worker_threads';
import { serveGrader } from '../../../../backend/rewards/serveGrader.ts';
import type { Verifier, VerifierOutcome } from '../../../../backend/rewards/verifier.ts';

const outcome = (reason: string): VerifierOutcome => ({ status: 'right', reward: 1, extracted: null, reason, cause: null });

const hasty: Verifier = {
  name: 'hasty',
  summary: 'for tests',
  verify({ completion }, report) {
    report?.(outcome('first thought'), 30_000);
    if (completion === 'hang early') for (;;);
    report?.(outcome('second thought'), 100);
    switch (completion) {
      case 'hang':
        for (;;);
      case 'exit':
        return process.exit(7);
      case 'memory': {
        const hoard: number[][] = [];
        for (;;) hoard.push(new Array<number>(100_000).fill(hoard.length));
      }
      default:
        return outcome('thought through');
    }
  },
};

serveGrader(parentPort as MessagePort, { hasty });
