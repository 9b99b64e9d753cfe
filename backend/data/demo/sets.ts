/** The demonstration's problem sets. No question is in two of them, and all follow from one seed. */
import { Rng } from '../../core/rng.ts';
import type { Problem } from '../../protocol/records.ts';
import { levels, problemOf, questionOf, wordChain, type Level } from './wordChains.ts';

/** The seed of the committed sets. */
export const demoSeed = 777;

export const setSizes = {
  train: { easy: 64, medium: 96, hard: 96, harder: 0 },
  trainHarder: { easy: 0, medium: 0, hard: 0, harder: 32 },
  heldOut: { easy: 100, medium: 100, hard: 100, harder: 100 },
} as const satisfies Readonly<Record<string, Readonly<Record<Level, number>>>>;

export type SetName = keyof typeof setSizes;

export function demoSets(seed: number): Readonly<Record<SetName, readonly Problem[]>> {
  const questions = new Set<string>();
  const draw = (name: SetName): Problem[] => levels.flatMap((level) => drawLevel(seed, name, level, questions));
  return { train: draw('train'), trainHarder: draw('trainHarder'), heldOut: draw('heldOut') };
}

/** The questions of all sets, to be kept out of pretraining. */
export function demoQuestions(seed: number): ReadonlySet<string> {
  const questions = Object.values(demoSets(seed)).flatMap((problems) => problems.map(({ prompt }) => prompt[0]?.content ?? ''));
  return new Set(questions);
}

/** Draws problems whose question is not yet in `questions`, and adds them there. */
function drawLevel(seed: number, name: SetName, level: Level, questions: Set<string>): Problem[] {
  const rng = Rng.of(seed, 'demo', name, level);
  const problems: Problem[] = [];
  while (problems.length < setSizes[name][level]) {
    const chain = wordChain(rng, level);
    const question = questionOf(chain);
    if (questions.has(question)) continue;
    questions.add(question);
    problems.push(problemOf(chain, `${name}-${level}-${String(problems.length + 1).padStart(3, '0')}`, level));
  }
  return problems;
}
