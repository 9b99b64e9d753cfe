// Grades the cases of Math-Verify's own tests with our verifier, and prints the score of both:
//   PEER_PYTHON=… MATH_VERIFY_CHECKOUT=… node test/peers/math_verify_cases.mjs
// The cases stay where they are; see math_verify_cases.py for what the checkout is.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const { PEER_PYTHON: python, MATH_VERIFY_CHECKOUT: checkout } = process.env;
if (python === undefined || checkout === undefined) {
  console.error('Set PEER_PYTHON and MATH_VERIFY_CHECKOUT.');
  process.exit(2);
}

/** What our verifier always does, in the words of Math-Verify's options; a case that asks for the opposite is no case of ours. */
const ourOptions = { strict: true, allow_set_relation_comp: true };

const folder = mkdtempSync(join(tmpdir(), 'math-verify-cases-'));
try {
  const outfile = join(folder, 'math.mjs');
  await esbuild.build({
    entryPoints: [join(here, '../../backend/rewards/math.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // Never asked here.
    external: ['*/computeEngine.ts'],
    logLevel: 'error',
  });
  /** @type {unknown} */
  const bundle = await import(pathToFileURL(outfile).href);
  const { gradeMath } = /** @type {typeof import('../../backend/rewards/math.ts')} */ (bundle);

  /** @typedef {{ test: string, gold: string, pred: string, isRight: boolean, options: Record<string, unknown>, peer: boolean }} Case */
  const output = execFileSync(python, [join(here, 'math_verify_cases.py'), checkout], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  /** @type {unknown} */
  const parsed = JSON.parse(output);
  const cases = /** @type {Case[]} */ (parsed);
  /** @type {Map<string, { cases: number, ours: number, peer: number }>} */
  const scores = new Map();
  /** @type {number[]} */
  const times = [];
  let falsePositives = 0;
  for (const { test, gold, pred, isRight, options, peer } of cases) {
    const isOther = Object.entries(options).some(
      ([name, value]) => name in ourOptions && value !== ourOptions[/** @type {keyof typeof ourOptions} */ (name)],
    );
    const started = performance.now();
    const problem = { id: 'case', prompt: [], answer: gold, level: 'easy' };
    const { outcome } = gradeMath(/** @type {Parameters<typeof gradeMath>[0]} */ ({ problem, completion: pred, finish: 'stop' }));
    times.push(performance.now() - started);
    const isOurs = outcome.status === 'right';
    const score = scores.get(test) ?? { cases: 0, ours: 0, peer: 0 };
    scores.set(test, { cases: score.cases + 1, ours: score.ours + Number(isOurs === isRight), peer: score.peer + Number(peer === isRight) });
    if (isOurs === isRight) continue;
    if (isOurs && !isOther) falsePositives++;
    const kind = isOther ? 'asks for another option' : isOurs ? 'FALSE POSITIVE' : 'missed';
    console.log(`${kind}: ${JSON.stringify(gold.slice(-80))} against ${JSON.stringify(pred.slice(-80))} – ${outcome.reason.slice(0, 120)}`);
  }
  console.table(Object.fromEntries(scores));
  const sum = (/** @type {'cases' | 'ours' | 'peer'} */ name) => [...scores.values()].reduce((total, score) => total + score[name], 0);
  times.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(1);
  console.log(`ours ${sum('ours')} of ${sum('cases')}, ${falsePositives} false positives; Math-Verify ${sum('peer')}`);
  console.log(`ours: median ${at(0.5)} ms, 99 % below ${at(0.99)} ms, longest ${at(1)} ms`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
