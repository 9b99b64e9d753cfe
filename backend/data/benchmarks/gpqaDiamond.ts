/**
 * Evaluation set: GPQA-Diamond, 198 multiple choice questions of graduate level (Rein et al. 2023).
 * Layout: `gpqa_diamond.csv` of `Idavidrein/gpqa`: Question, Correct Answer, Incorrect Answer 1 to 3, Subdomain, High-level domain, Record ID.
 * The file names the right answer first; the order of the choices is drawn from the seed and the question, and the seed kept with each problem.
 */
import { Rng } from '../../core/rng.ts';
import { letterSuffix, type Benchmark } from './benchmark.ts';
import { optionalTextOf, textOf } from './fields.ts';

export const gpqaDiamond: Benchmark = {
  name: 'gpqaDiamond',
  title: 'GPQA-Diamond',
  size: 198,
  origin: 'hf://datasets/Idavidrein/gpqa/gpqa_diamond.csv',
  suffix: letterSuffix,
  isOwnForm: true,
  verifier: 'choice',
  question(row, { number, seed }) {
    const text = textOf(row, ['Question']);
    const right = textOf(row, ['Correct Answer']);
    const wrong = [1, 2, 3].map((n) => textOf(row, [`Incorrect Answer ${n}`]));
    const id = optionalTextOf(row, ['Record ID']) ?? String(number);
    const order = Rng.of(seed, 'gpqaChoices', id).shuffle([0, 1, 2, 3]);
    const subdomain = optionalTextOf(row, ['Subdomain']);
    return {
      id,
      text,
      choices: order.map((place) => [right, ...wrong][place] as string),
      answer: 'ABCD'.charAt(order.indexOf(0)),
      level: optionalTextOf(row, ['High-level domain']) ?? 'all',
      metadata: { choiceSeed: seed, ...(subdomain === undefined ? {} : { subdomain }) },
    };
  },
};
