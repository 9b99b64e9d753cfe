/** The second grader: compute-engine, in a bundle of its own (`dist/computeEngine.js`) because of its size. */
import { ComputeEngine } from '@cortex-js/compute-engine';
import type { SecondOpinion } from '../verifier.ts';
import { cleanMath } from './clean.ts';
import { secondGrader, type AskSecondGrader } from './secondOpinion.ts';

export function createComputeEngineGrader(): AskSecondGrader {
  const engine = new ComputeEngine();
  // The first comparison builds tables.
  engine.parse('\\sqrt{x}').simplify();
  return (gold, answer) => {
    const opinion = (status: SecondOpinion['status'], reason: string): SecondOpinion => ({ grader: secondGrader, status, reason });
    try {
      const [a, b] = [engine.parse(cleanMath(gold)), engine.parse(cleanMath(answer))];
      if (!a.isValid || !b.isValid) return opinion('failed', 'It cannot read one of the two.');
      if (a.isSame(b)) return opinion('right', 'Both have the same form.');
      const equality = a.isEqual(b);
      if (equality !== undefined) return opinion(equality ? 'right' : 'wrong', equality ? 'Both are equal.' : 'They are not equal.');
      if (a.simplify().isSame(b.simplify())) return opinion('right', 'Both simplify to the same form.');
      return opinion('failed', 'It does not decide.');
    } catch (error) {
      return opinion('failed', error instanceof Error ? error.message.slice(0, 200) : 'It threw.');
    }
  };
}
