/** Entry of a grader worker (`dist/grader.js`). */
import { parentPort } from 'node:worker_threads';
import { verifiers } from './index.ts';
import { serveGrader } from './serveGrader.ts';

if (parentPort === null) throw new Error('graderWorker runs in a worker thread only');
serveGrader(parentPort, verifiers);
