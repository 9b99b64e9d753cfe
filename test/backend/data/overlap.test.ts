/** Questions that two sets share are found, those of one template are not. */
import { expect, it } from 'vitest';
import { findOverlaps } from '../../../backend/data/overlap.ts';
import type { Problem } from '../../../backend/protocol/records.ts';
import { problems } from '../../support/scriptedRun.ts';

const suffix = ' Let us think step by step, and put the final answer within \\boxed{} at the very end of the response.';
const question =
  'A train leaves the station at noon with 120 passengers, stops at four villages where 17, 22, 9 and 31 people leave it, and arrives at the sea in the evening. How many passengers see the sea?';
const other =
  'A gardener plants 15 rows of 24 tulips each, loses a third of them to a late frost in April, and sells what is left at 2 coins a flower on the market. What does she earn?';
const asked = (id: string, content: string): Problem => ({ id, prompt: [{ role: 'user', content }], answer: '', level: '' });

it.each<[string, string, string, string]>([
  ['the same words, set in another way', question, `  ${question.replaceAll(' ', '\n').toUpperCase()} `, 'h is t: 1'],
  ['the same question with an instruction behind it', question, question + suffix, 'h is t: 1'],
  ['a long question with one word changed', `${question} ${other}`, `${question} ${other}`.replace('evening', 'night'), 'h is t: 0.9'],
  ['another question with the same instruction', other + suffix, question + suffix, ''],
  ['a question with other numbers', question, question.replace(/\d+/g, (n) => String(Number(n) + 1)), ''],
  ['short questions alike', 'What is 2 + 3?', 'What is 2 + 4?', ''],
])('%s', (_, train, heldOut, found) => {
  const rest = Array.from({ length: 10 }, (_each, i) => asked(`r${i}`, `Number ${i} of other problems.${suffix}`));
  const overlaps = findOverlaps([asked('t', train)], [...rest, asked('h', heldOut)]);
  expect(overlaps.map(({ problem, twin, similarity }) => `${problem.id} is ${twin.id}: ${Math.floor(similarity * 10) / 10}`).join()).toBe(found);
});

it('does not take problems of one template for each other', () => {
  expect(findOverlaps(problems(200).slice(100), problems(100))).toEqual([]);
});

it('is linear: 20,000 problems against 500 take seconds', () => {
  const make = (count: number, prefix: string): Problem[] =>
    Array.from({ length: count }, (_, i) => asked(`${prefix}${i}`, `${question} Variant ${prefix} ${i * 7919}.`));
  const start = performance.now();
  expect(findOverlaps(make(20_000, 't'), make(500, 'h'))).toEqual([]);
  expect(performance.now() - start).toBeLessThan(30_000);
});
