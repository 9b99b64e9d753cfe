/** The demonstration's tokenizer files, read by the product's own tokenizer. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../backend/core/rng.ts';
import { rememberPieces, tokenizeDocument } from '../../../../backend/data/demo/documentTokens.ts';
import { defaultDocumentOptions, pretrainingDocument } from '../../../../backend/data/demo/documents.ts';
import { heldOutPhrasings } from '../../../../backend/data/demo/paraphrases.ts';
import { attempt } from '../../../../backend/data/demo/student.ts';
import { tokenIdOf } from '../../../../backend/data/demo/tokenizerFiles.ts';
import { vocabulary } from '../../../../backend/data/demo/vocabulary.ts';
import { levels, questionOf, wordChain, workedAnswer } from '../../../../backend/data/demo/wordChains.ts';
import { analyzeSteps, describeFault } from '../../../../backend/critics/stepFaults.ts';
import { solutionOf } from '../../../../backend/data/demo/wordChains.ts';
import type { Message } from '../../../../backend/protocol/records.ts';
import { loadTokenizer } from '../../../../backend/text/tokenizer.ts';

const tokenizer = await loadTokenizer(join(import.meta.dirname, '../../../../media/demo/model'));
const rng = Rng.of(1, 'test', 'tokenizer');
const documents = Array.from({ length: 3000 }, () => pretrainingDocument(rng, defaultDocumentOptions));
const tokensOf = (text: string): string[] => tokenizer.encode(text).map((id) => vocabulary[id] ?? '?');

describe('the vocabulary', () => {
  it('has no token twice, and the model folder knows as many', () => {
    expect(new Set(vocabulary).size).toBe(vocabulary.length);
    expect(tokenizer.vocabularySize).toBe(vocabulary.length);
    expect(tokenizer.padToken).toBe(tokenIdOf('<pad>'));
    expect(tokenizer.stopTokens).toEqual([tokenIdOf('<eos>'), tokenIdOf('<r>')]);
  });

  it.each([
    ['Step 1: 22 + 12 = 34.', ['Step 1', ':', '2', '2', '+', '1', '2', '=', '3', '4', '.']],
    ['In step 3, use x 4', ['In', 'step 3', ',', 'use', 'x', '4']],
    ['Peter finds 3 dogs!', ['P', '##e', '##t', '##e', '##r', 'finds', '3', 'd', '##o', '##g', '##s', '!']],
    ['3×4 − 2 * 5 ÷ 5', ['3', 'x', '4', '-', '2', 'x', '5', '/', '5']],
    ['a € B', ['a', '<unk>', 'B']],
    ['<q>Leo<a>', ['<q>', 'Leo', '<a>']],
  ])('%s', (text, expected) => {
    expect(tokensOf(text)).toEqual(expected);
  });
});

describe('round trips', () => {
  it.each(levels)('%s: questions, answers and canonical critiques come back exactly and need no spelling', (level) => {
    for (let i = 0; i < 300; i++) {
      const chain = wordChain(rng, level);
      const { text } = attempt(rng, chain, { slip: 0.3, rightReading: 0.3 });
      const critique = analyzeSteps(solutionOf(chain), text)
        .filter(({ kind }) => kind !== 'arithmetic')
        .map(describeFault);
      for (const canonical of [questionOf(chain), workedAnswer(chain), text, ...critique]) {
        const ids = tokenizer.encode(canonical);
        expect(tokenizer.decode(ids)).toBe(canonical);
        expect(ids.some((id) => vocabulary[id]?.startsWith('##') || id === tokenIdOf('<unk>'))).toBe(false);
      }
    }
  });

  it('all pieces of documents come back, but for the sign of a negative number', () => {
    for (const { segments } of documents) {
      for (const { text } of segments) {
        const body = text.replace(/<\w+>/g, '');
        expect(tokenizer.decode(tokenizer.encode(body)).replace(/- (\d+)/g, '-$1')).toBe(body.replace(/- (\d+)/g, '-$1'));
      }
    }
  });

  it('held-out phrasings have no unknown symbol', () => {
    const fault = {
      kind: 'operation',
      step: 2,
      expected: { operator: 'x', operand: 3 },
      found: { operator: 'x', operand: 2 },
      phrase: 'triples them',
    } as const;
    for (const text of heldOutPhrasings(fault)) {
      expect(tokenizer.encode(text)).not.toContain(tokenIdOf('<unk>'));
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }
  });
});

describe('documents as tokens', () => {
  const remembered = rememberPieces(tokenizer.encode);

  it('a remembered encoding is the encoding', () => {
    for (const { segments } of documents.slice(0, 1000)) for (const { text } of segments) expect(remembered(text)).toEqual(tokenizer.encode(text));
    for (const text of ['xStep 3 step 12', 'a€ B*2', '', 'Peter’s <r>']) expect(remembered(text)).toEqual(tokenizer.encode(text));
  });

  it('fit the positions, have one weight a token, and use every token that is not a spare', () => {
    const unseen = new Set(vocabulary);
    for (const document of documents) {
      const { tokens, weights } = tokenizeDocument(document, remembered);
      expect(weights).toHaveLength(tokens.length);
      expect(tokens.length).toBeLessThanOrEqual(300);
      for (const id of tokens) unseen.delete(vocabulary[id] ?? '?');
    }
    expect([...unseen].filter((token) => !/^<|^[Ss]tep [6-9]$|^(##)?[A-Za-z]$/.test(token))).toEqual([]);
  });
});

describe('the chat template', () => {
  const question: Message = { role: 'user', content: 'Leo has 3 coins. He gets a dozen. How many?' };
  const answer: Message = { role: 'assistant', content: 'Step 1: 3 + 10 = 13. Answer: 13.' };
  const critique: Message = { role: 'user', content: 'Step 1: + 12.' };

  it.each<[string, Message[], 'answer' | 'critique', string]>([
    ['an answer', [question], 'answer', `<q>${question.content}<a>`],
    ['a critique', [question, answer], 'critique', `<q>${question.content}<a>${answer.content}<eos><c>`],
    ['a refinement', [question, answer, critique], 'answer', `<q>${question.content}<a>${answer.content}<eos><c>${critique.content}<r>`],
  ])('asks for %s', (_, messages, purpose, expected) => {
    expect(tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true, purpose })).toBe(expected);
    expect(tokenizer.encodeConversation(messages, purpose)).toEqual(tokenizer.encode(expected));
  });

  it('writes whole documents as pretraining does', () => {
    const whole = [question, answer, critique, { role: 'assistant', content: 'Step 1: 3 + 12 = 15. Answer: 15.' } as const];
    const expected = `<q>${question.content}<a>${answer.content}<eos><c>${critique.content}<r>Step 1: 3 + 12 = 15. Answer: 15.<eos>`;
    expect(tokenizer.applyChatTemplate(whole)).toBe(expected);
  });

  it('refuses a system message', () => {
    expect(() => tokenizer.applyChatTemplate([{ role: 'system', content: 'Be brief.' }, question])).toThrow(/no system message/);
  });
});
