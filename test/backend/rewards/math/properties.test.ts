/** What holds for every answer: equality is reflexive, symmetric, blind to formatting, and never said of different rationals. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findAnswers } from '../../../../backend/rewards/math/extract.ts';
import { compareReadings, readAnswer } from '../../../../backend/rewards/math/read.ts';
import { isOrdinary } from '../../../../backend/rewards/math/secondOpinion.ts';
import { kinds } from './cases.ts';

const isEqual = (gold: string, answer: string): boolean => compareReadings(readAnswer(gold), readAnswer(answer)) === 'equal';

/** LaTeX of expressions in x and y, with their value where it is a fraction of small integers. */
const expression: fc.Arbitrary<string> = fc.letrec<{ tree: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(fc.integer({ min: 1, max: 99 }).map(String), fc.constantFrom('x', 'y', '\\pi', '\\sqrt{2}', '\\frac{1}{3}', '0.25')),
  tree: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'tree' },
    tie('leaf'),
    fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `(${a}+${b})`),
    fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `(${a}-${b})`),
    fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `${a} \\cdot ${b}`),
    fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `\\frac{${a}}{${b}}`),
    tie('tree').map((a) => `\\sqrt{${a}}`),
    tie('tree').map((a) => `(${a})^{2}`),
    tie('tree').map((a) => `\\sin(${a})`),
  ),
})).tree;

const rational = fc.tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.bigInt({ min: 1n, max: 10n ** 12n }));
const noise: fc.Arbitrary<(text: string) => string> = fc.constantFrom(
  (text) => ` ${text} `,
  (text) => `$${text}$`,
  (text) => `\\displaystyle ${text}`,
  (text) => text.replaceAll('\\frac', '\\dfrac'),
  (text) => text.replaceAll('(', '\\left(').replaceAll(')', '\\right)'),
  (text) => text.replaceAll('+', ' + ').replaceAll('-', ' - '),
  (text) => text.replaceAll(' \\cdot ', '\\times '),
  (text) => `${text}.`,
  (text) => `\\boxed{${text}}`,
  (text) => `{${text}}`,
  // As in a JSON text; escaped once.
  (text) => (text.includes('\\\\') ? text : text.replaceAll('\\', '\\\\')),
);

describe('equality', () => {
  it('is reflexive', () => {
    fc.assert(fc.property(expression, (text) => isEqual(text, text)));
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((text) => /[\p{L}\d]/u.test(text)),
        (text) => isEqual(`a${text}`, `a${text}`),
      ),
    );
  });

  it('is symmetric', () => {
    fc.assert(fc.property(expression, expression, (a, b) => isEqual(a, b) === isEqual(b, a)));
    // Only what stands for another question is read in one direction.
    const oneWay = ({ kind }: { kind: string }): boolean => ['equations', 'words and choices', 'answers as data sets write them'].includes(kind);
    for (const { right, wrong } of kinds.filter((entry) => !oneWay(entry))) {
      for (const [a, b] of right) expect([b, a, isEqual(b, a)]).toEqual([b, a, true]);
      for (const [a, b] of wrong.filter(([gold]) => gold !== '1,1,2')) expect([b, a, isEqual(b, a)]).toEqual([b, a, false]);
    }
  });

  it('does not see formatting', () => {
    fc.assert(fc.property(expression, noise, noise, (text, first, second) => isEqual(text, second(first(text)))));
  });

  it('sees through equal rewriting', () => {
    fc.assert(fc.property(expression, expression, (a, b) => isEqual(`${a}+${b}`, `${b}+${a}`)));
    fc.assert(fc.property(expression, expression, (a, b) => isEqual(`(${a}) \\cdot (${b})`, `(${b})(${a})`)));
    fc.assert(
      fc.property(fc.array(expression, { minLength: 2, maxLength: 5 }), (items) =>
        isEqual(items.join(', '), [...items].reverse().join(' \\text{ and } ')),
      ),
    );
  });

  it('is never said of different rationals, and always of equal ones', () => {
    fc.assert(
      fc.property(rational, rational, ([a, b], [c, d]) => {
        expect(isEqual(`\\frac{${a}}{${b}}`, `${c}/${d}`)).toBe(a * d === b * c);
        expect(isEqual(`\\frac{${a}}{${b}}`, `\\frac{${a * c}}{${b * c}}`)).toBe(c !== 0n);
        expect(isEqual(`\\frac{${a}}{${b}}`, `\\frac{${a + 1n}}{${b}}`)).toBe(false);
      }),
    );
  });

  it('is never said of an expression and the same with something small added', () => {
    const small = fc.integer({ min: 1, max: 40 }).map((n) => `10^{-${n}}`);
    fc.assert(fc.property(expression, small, (text, delta) => !isEqual(text, `${text} + ${delta}`) || !isEqual(`${text} + ${delta}`, text)));
  });
});

describe('hostile text', () => {
  it('is read or refused, never thrown at', () => {
    const pieces = fc.constantFrom(
      ...'\\frac{ } { ( ) [ ] ^ _ , ; | \\{ \\} \\\\ & \\text{ \\boxed{ $ $$ \\sqrt \\sum \\left \\right \\begin{pmatrix} \\end{pmatrix} 1 23 x % ! : = < \\pm \\cup \\in or and'.split(
        ' ',
      ),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), fc.string({ maxLength: 20 }), (parts, tail) => {
        const text = parts.join('') + tail;
        compareReadings(readAnswer(text), readAnswer('\\frac{x+1}{2}'));
        for (const candidate of findAnswers(text)) readAnswer(candidate.text);
        isOrdinary(text);
      }),
      { numRuns: 500 },
    );
  });
});
