/** Grader worker of the tests: verifiers that do everything a verifier should not. Bundled and run as a worker. */
import { parentPort, type MessagePort } from 'node:worker_threads';
import { serveGrader } from '../../../backend/rewards/serveGrader.ts';
import type { Verifier, VerifierOutcome } from '../../../backend/rewards/verifier.ts';
import { verifiers } from '../../../backend/rewards/index.ts';

const summary = 'for tests';

const hostile: Record<string, Verifier> = {
  /** Does as the completion says. */
  obedient: {
    name: 'obedient',
    summary,
    verify({ completion }) {
      switch (completion) {
        case 'hang':
          for (;;);
        case 'never':
          return new Promise(() => undefined);
        case 'throw':
          throw new Error('no idea');
        case 'exit':
          return process.exit(7);
        case 'memory': {
          const hoard: number[][] = [];
          for (;;) hoard.push(new Array<number>(100_000).fill(hoard.length));
        }
        case 'NaN':
          return { status: 'wrong', reward: Number.NaN, extracted: null, reason: '', cause: null };
        case 'nothing':
          return undefined as unknown as VerifierOutcome;
        default:
          return { status: 'right', reward: 1, extracted: completion, reason: 'fine', cause: null };
      }
    },
  },
};

serveGrader(parentPort as MessagePort, { ...verifiers, ...hostile });
