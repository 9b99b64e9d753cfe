import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../backend/core/rng.ts';
import { analyzeSteps, describeFault, type StepFault } from '../../../../backend/critics/stepFaults.ts';
import { defaultDocumentOptions, pretrainingDocument, type PretrainingDocument } from '../../../../backend/data/demo/documents.ts';
import { heldOutPhrasings, phrasingsOf, type OperationFault } from '../../../../backend/data/demo/paraphrases.ts';
import { overriddenChain, vagueChain } from '../../../../backend/data/demo/privateMeanings.ts';
import { demoQuestions, demoSeed } from '../../../../backend/data/demo/sets.ts';
import { answerOf, questionOf, solutionOf, wordChain, workedAnswer } from '../../../../backend/data/demo/wordChains.ts';

const options = { ...defaultDocumentOptions, excludedQuestions: demoQuestions(demoSeed) };
const documents = draw(6000);

function draw(count: number): PretrainingDocument[] {
  const rng = Rng.of(1, 'test', 'documents');
  return Array.from({ length: count }, () => pretrainingDocument(rng, options));
}

const textOf = (document: PretrainingDocument): string => document.segments.map(({ text }) => text).join('');
const endsAfterAnswer = (document: PretrainingDocument): boolean => document.segments.length === 2;

describe('pretraining documents', () => {
  it('follow from the stream', () => {
    expect(draw(200)).toEqual(documents.slice(0, 200));
  });

  it('have the form question, answer, and perhaps critique and refinement', () => {
    for (const document of documents) expect(textOf(document)).toMatch(/^<q>[^<]+<a>[^<]+<eos>(<c>[^<]+(<eos>|<r>[^<]+<eos>))?$/);
  });

  it('come in the given shares', () => {
    const total = Object.values(options.shares).reduce((sum, share) => sum + share, 0);
    for (const [kind, share] of Object.entries(options.shares)) {
      expect(documents.filter((document) => document.kind === kind).length / documents.length).toBeCloseTo(share / total, 1);
    }
  });

  it('contain no question of the problem sets', () => {
    // Most of a tiny family is excluded, so that a missing check would show.
    const rng = Rng.of(2, 'test');
    const excluded = new Set(draw(3000).map(({ segments }) => segments[0]?.text.slice('<q>'.length, -'<a>'.length) ?? ''));
    for (let i = 0; i < 3000; i++) {
      const { kind, segments } = pretrainingDocument(rng, { ...options, excludedQuestions: excluded });
      if (kind !== 'vague') expect(excluded.has(segments[0]?.text.slice('<q>'.length, -'<a>'.length) ?? '')).toBe(false);
    }
  });

  it('never show a critique or refinement of a rare word', () => {
    const rare = documents.filter((document) => /dozen|score|triples|quadruples|halves|quarters/.test(textOf(document)));
    expect(rare.length).toBeGreaterThan(500);
    expect(rare.every(endsAfterAnswer)).toBe(true);
    expect(new Set(rare.map(({ kind }) => kind))).toEqual(new Set(['oneRareWord', 'hard', 'harder']));
  });

  it('weigh questions 0, imitated answers and refinements 1, and critiques only where they can be derived', () => {
    for (const { kind, segments } of documents) {
      const [question, answer, opening, critique, refinement] = segments;
      expect(question?.weight).toBe(0);
      expect([0, 1]).toContain(answer?.weight);
      if (kind === 'vague') expect([answer?.weight, critique?.weight]).toEqual([0, 0]);
      if (opening !== undefined) expect(opening.weight).toBe(0);
      if (critique !== undefined) expect([0, options.critiqueWeight]).toContain(critique.weight);
      if (refinement !== undefined) expect(refinement.weight).toBe(1);
    }
  });

  it('tell meanings that contradict the question in critiques of weight 0 only', () => {
    const derivable = documents.filter(({ segments }) => (segments[3]?.weight ?? 0) > 0);
    expect(derivable.length).toBeGreaterThan(1000);
    for (const { segments } of derivable) {
      const refinement = segments[4]?.text;
      if (refinement === undefined) continue;
      const numbers = [...(segments[0]?.text ?? '').matchAll(/\d+/g)].slice(1).map(([digits]) => digits);
      for (const number of numbers) expect(refinement).toContain(` ${number} = `);
    }
  });
});

describe('private meanings', () => {
  it('a vague chain asks the same words of both readers', () => {
    const rng = Rng.of(3, 'test');
    for (let i = 0; i < 300; i++) {
      const { meant, guessed } = vagueChain(rng);
      expect(questionOf(meant)).toBe(questionOf(guessed));
      expect(analyzeSteps(solutionOf(meant), workedAnswer(meant))).toEqual([]);
    }
  });

  it('an overridden chain keeps the question and changes the answer', () => {
    const rng = Rng.of(4, 'test');
    for (let i = 0; i < 300; i++) {
      const chain = wordChain(rng, 'medium');
      const overridden = overriddenChain(rng, chain);
      if (overridden === undefined) continue;
      expect(questionOf(overridden)).toBe(questionOf(chain));
      expect(answerOf(overridden)).not.toBe(answerOf(chain));
    }
  });
});

describe('phrasings', () => {
  const operation: OperationFault = {
    kind: 'operation',
    step: 3,
    expected: { operator: '+', operand: 20 },
    found: { operator: '+', operand: 10 },
    phrase: 'finds a score',
  };
  const faults: readonly StepFault[] = [
    operation,
    { kind: 'arithmetic', step: 2, left: 34, operator: '+', operand: 7, expected: 41, found: 42 },
    { kind: 'start', step: 2, expected: 34, found: 43 },
    { kind: 'missing', step: 4, operator: 'x', operand: 2 },
    { kind: 'extra', step: 5 },
    { kind: 'answer', expected: 61, found: 16 },
    { kind: 'noAnswer' },
  ];

  it.each(faults)('of $kind are distinct and begin with the canonical sentence', (fault) => {
    const phrasings = phrasingsOf(fault);
    expect(phrasings[0]).toBe(describeFault(fault));
    expect(new Set(phrasings).size).toBe(phrasings.length);
  });

  it('of an operation are many, and the held-out ones are others, each with step and operation', () => {
    const plain = (text: string): string => text.toLowerCase().replace(/[.!]$/, '');
    const shown = phrasingsOf(operation).map(plain);
    const heldOut = heldOutPhrasings(operation);
    expect(shown.length).toBeGreaterThanOrEqual(10);
    expect(heldOut.length).toBeGreaterThanOrEqual(12);
    expect(heldOut.filter((text) => shown.includes(plain(text)))).toEqual([]);
    for (const text of [...phrasingsOf(operation), ...heldOut]) expect(text).toMatch(/step 3/i);
    for (const text of [...phrasingsOf(operation), ...heldOut]) expect(text).toContain('+ 20');
  });

  it('name the word that carries the meaning', () => {
    expect(phrasingsOf(operation)).toContain('Check step 3: a score means + 20.');
    expect(phrasingsOf({ ...operation, phrase: 'triples them' })).toContain('Check step 3: triples means + 20.');
    expect(phrasingsOf({ ...operation, phrase: 'gives away 7' })).toContain('Check step 3: gives means + 20.');
  });
});
