/** Prompts: what the policy is shown, and what is cut when it is too much. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Message } from '../../../backend/protocol/records.ts';
import { fitRefinementPrompt } from '../../../backend/text/fitRefinementPrompt.ts';
import { critiqueMessages, problemMessages, refinementMessages, type PromptConfig } from '../../../backend/text/prompts.ts';
import type { Tokenizer } from '../../../backend/text/tokenizer.ts';
import { byteLevelFiles, tinyTokenizer } from './tinyTokenizers.ts';

const user = (content: string): Message => ({ role: 'user', content });
const conversation: PromptConfig = { system: null, suffix: '', refinement: 'conversation' };
const instruction: PromptConfig = { system: 'Be exact.', suffix: ' Box it.', refinement: 'instruction' };
const problem = { prompt: [user('How many?')] };

describe('messages', () => {
  it('of a problem: system prompt, question, suffix', () => {
    expect(problemMessages(problem, conversation)).toEqual([user('How many?')]);
    expect(problemMessages(problem, instruction)).toEqual([{ role: 'system', content: 'Be exact.' }, user('How many? Box it.')]);
  });

  it('of a problem with a system prompt and turns of its own keep them', () => {
    const prompt: Message[] = [{ role: 'system', content: 'Own.' }, user('1?'), { role: 'assistant', content: '1' }, user('2?')];
    expect(problemMessages({ prompt }, instruction)).toEqual([...prompt.slice(0, 3), user('2? Box it.')]);
  });

  it('of a refinement as turns', () => {
    expect(refinementMessages(problem, 'A', 'C', conversation)).toEqual([user('How many?'), { role: 'assistant', content: 'A' }, user('C')]);
  });

  it('of a refinement as one instruction that quotes question, answer and critique literally', () => {
    const messages = refinementMessages(problem, 'A $& $1', 'C \\boxed{}', instruction);
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user']);
    for (const part of ['How many? Box it.', 'A $& $1', 'C \\boxed{}', 'step by step']) expect(messages[1]?.content).toContain(part);
  });

  it('of a self-critique: as the template opens it, or as an instruction', () => {
    const turns: Message[] = [user('How many?'), { role: 'assistant', content: 'A' }];
    expect(critiqueMessages(turns, conversation)).toEqual(turns);
    const asked = critiqueMessages(turns, instruction);
    expect(asked).toHaveLength(1);
    for (const part of ['How many?', 'A', 'Verdict']) expect(asked[0]?.content).toContain(part);
  });
});

describe('fitting a refinement prompt', () => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await tinyTokenizer(byteLevelFiles);
  });
  const fit = (completion: string, maxPromptTokens: number) =>
    fitRefinementPrompt(tokenizer, { problem, completion, critiqueText: 'Wrong.', config: conversation, maxPromptTokens });

  it('leaves alone what fits', () => {
    const whole = tokenizer.encodeConversation(refinementMessages(problem, 'short', 'Wrong.', conversation), 'answer');
    expect(fit('short', whole.length)).toEqual({ tokens: whole, truncatedTokens: 0 });
  });

  it('cuts the middle of the answer to just what fits, and says how much', () => {
    const completion = `BEGIN ${'0123456789'.repeat(50)} END`;
    const fitted = fit(completion, 150);
    expect(fitted?.tokens).toHaveLength(150);
    expect(fitted?.truncatedTokens).toBeGreaterThan(0);
    const text = tokenizer.decode(fitted?.tokens ?? []);
    for (const part of ['How many?', 'BEGIN', ' ... ', 'END<|im_end|>', 'Wrong.']) expect(text).toContain(part);
  });

  it('never shows half a character', () => {
    for (let room = 100; room < 130; room++) expect(tokenizer.decode(fit('🚀€é'.repeat(60), room)?.tokens ?? [])).not.toContain('\uFFFD');
  });

  it('gives up when question and critique leave no room', () => {
    expect(fit('a'.repeat(500), 20)).toBeNull();
  });
});
