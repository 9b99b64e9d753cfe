/**
 * What the demonstration's base model can do: pass@1 by level, and how often it repairs a failed answer from each kind of critique,
 * in the critic's words and in phrasings kept out of pretraining. `npm run bench -- demoModel`, or with MODEL=folder.
 */
import { fileURLToPath } from 'node:url';
import { Rng } from '../../backend/core/rng.ts';
import { wilsonInterval } from '../../backend/core/stats.ts';
import { analyzeSteps, describeFault, type StepFault } from '../../backend/critics/stepFaults.ts';
import { heldOutPhrasings, type OperationFault } from '../../backend/data/demo/paraphrases.ts';
import { readProblems } from '../../backend/data/readProblems.ts';
import { LocalEngine } from '../../backend/engine/local/localEngine.ts';
import type { Problem } from '../../backend/protocol/records.ts';
import { numeric } from '../../backend/rewards/numeric.ts';
import { problemMessages, refinementMessages } from '../../backend/text/prompts.ts';
import { loadTokenizer } from '../../backend/text/tokenizer.ts';

const demo = fileURLToPath(new URL('../../media/demo', import.meta.url));
const model = process.env['MODEL'] ?? `${demo}/model`;
const samples = Number(process.env['SAMPLES'] ?? 4);
const prompt = { system: null, suffix: '', refinement: 'conversation' as const };

const tokenizer = await loadTokenizer(model);
const { problems } = await readProblems(`${demo}/heldOut.jsonl`, { onBrokenRow: 'refuse' });
const engine = await LocalEngine.open({
  model,
  keepReference: false,
  threads: 2,
  microBatchTokens: 1024,
  layerCheckpointing: false,
  maxRows: 64,
  maxPositions: 512,
});

interface Failure {
  readonly problem: Problem;
  readonly answer: string;
}

async function answers(conversations: readonly (readonly number[])[], seed: string): Promise<string[]> {
  const seeds = conversations.map((_, i) => [Rng.of(0, seed, i).uint32()]);
  const { sequences } = await engine.sample({
    prompts: conversations,
    seeds,
    maxTokens: 72,
    temperature: 1,
    topK: 0,
    topP: 1,
    stopTokens: tokenizer.stopTokens,
  });
  return sequences.map(([sequence]) => tokenizer.decode(sequence?.tokens ?? [], { skipSpecial: true }));
}

async function isRight(problem: Problem, completion: string): Promise<boolean> {
  return (await numeric.verify({ problem, completion, finish: 'stop' })).status === 'right';
}

function percent(right: number, of: number): string {
  if (of === 0) return '      –       ';
  const [low, high] = wilsonInterval(right, of);
  const format = (share: number): string => (100 * share).toFixed(1).padStart(5);
  return `${format(right / of)} % [${format(low)}, ${format(high)}]`;
}

const critiques: Readonly<Record<string, (failure: Failure, faults: readonly StepFault[], rng: Rng) => string | null>> = {
  'step-level': (_failure, faults) => faults.slice(0, 3).map(describeFault).join(' '),
  'held-out phrasing': (_failure, faults, rng) =>
    faults.every((fault) => fault.kind === 'operation')
      ? faults
          .slice(0, 3)
          .map((fault) => rng.pick(heldOutPhrasings(fault as OperationFault)))
          .join(' ')
      : null,
  verdict: () => 'The answer is wrong.',
  'verdict + answer': ({ problem }) => `The answer is wrong. The right answer is ${problem.answer}.`,
  resample: () => '',
};

for (const level of ['easy', 'medium', 'hard', 'harder']) {
  const asked = problems.filter((problem) => problem.level === level).flatMap((problem) => Array.from({ length: samples }, () => problem));
  const first = await answers(
    asked.map((problem) => tokenizer.encodeConversation(problemMessages(problem, prompt), 'answer')),
    `first ${level}`,
  );
  const failures: Failure[] = [];
  let right = 0;
  for (const [i, problem] of asked.entries()) {
    if (await isRight(problem, first[i] as string)) right++;
    else failures.push({ problem, answer: first[i] as string });
  }
  console.log(`\n${level}: pass@1 ${percent(right, asked.length)} (${asked.length} samples)`);
  for (const [kind, write] of Object.entries(critiques)) {
    const tried = failures.flatMap((failure, i) => {
      const text = write(failure, analyzeSteps(failure.problem.solution ?? { start: 0, steps: [] }, failure.answer), Rng.of(1, kind, level, i));
      return text === null ? [] : [{ ...failure, text }];
    });
    const prompts = tried.map(({ problem, answer, text }) =>
      tokenizer.encodeConversation(text === '' ? problemMessages(problem, prompt) : refinementMessages(problem, answer, text, prompt), 'answer'),
    );
    const refined = prompts.length === 0 ? [] : await answers(prompts, `${kind} ${level}`);
    let repaired = 0;
    for (const [i, { problem }] of tried.entries()) if (await isRight(problem, refined[i] as string)) repaired++;
    console.log(`  repaired from ${kind.padEnd(18)} ${percent(repaired, tried.length)} (${tried.length})`);
  }
}
await engine.dispose();
