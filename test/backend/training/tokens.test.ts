/** Answers token by token. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenDetail, tokenizerOf, tokenTexts } from '../../../backend/training/tokens.ts';
import { train } from '../../../backend/training/trainer.ts';
import { scriptedLogprobs } from '../../support/scriptedEngine.ts';
import { demoFolder, problems, scriptedRun, scriptOf, tokenizer, type ScriptedRun } from '../../support/scriptedRun.ts';

const bytes = new TextEncoder();
/** One token a byte. */
const byteTokenizer = { decode: (tokens: readonly number[]): string => new TextDecoder().decode(Uint8Array.from(tokens)) };

describe('the texts of tokens', () => {
  it('are whole characters, which join to the completion', () => {
    expect(tokenTexts(byteTokenizer, [...bytes.encode('aé€😀.')])).toEqual(['a', '', 'é', '', '', '€', '', '', '', '😀', '.']);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(tokenTexts(byteTokenizer, [...bytes.encode(text)]).join('')).toBe(byteTokenizer.decode([...bytes.encode(text)]));
      }),
    );
  });

  it('have a place for what ends in half a character', () => {
    expect(tokenTexts(byteTokenizer, [97, 0xe2, 0x82])).toEqual(['a', '', '\ufffd']);
    expect(tokenTexts(byteTokenizer, [])).toEqual([]);
  });
});

describe('the tokens of an answer', () => {
  const trained = async (): Promise<ScriptedRun> => {
    const run = await scriptedRun({ problems: problems(1), script: scriptOf([{ rollouts: 'WW', refinements: 'RR' }]) });
    await train(run.run);
    return run;
  };

  it('of a rollout have its logprobs and the credit of its group', async () => {
    const { store } = await trained();
    const rollout = store.attempt('run', 'run/1/p0/r0')?.rollout;
    const detail = await tokenDetail({ store, tokenizer }, { runId: 'run', id: 'run/1/p0/r0', withEntropy: true });
    const member = store.group('run', 'run/1/p0')?.group.members[0];
    expect(detail).toMatchObject({ rolloutId: 'run/1/p0/r0', isRefinement: false, shapingGamma: null });
    expect([detail.advantage, detail.weight]).toEqual([member?.advantage, member?.weight]);
    expect(detail.tokens.map(({ text }) => text).join('')).toBe(tokenizer.decode(rollout?.tokens ?? []));
    expect(
      detail.tokens.every((token) => token.logprob === scriptedLogprobs.sampled && token.problemLogprob === null && token.entropy === null),
    ).toBe(true);
  });

  it('of a refinement have both logprobs, the shaping and, from an open policy, entropies', async () => {
    const { store, run, engine } = await trained();
    const group = store.group('run', 'run/1/p0');
    const id = group?.group.members.find(({ origin }) => origin === 'refinement')?.id ?? '';
    const detail = await tokenDetail({ store, tokenizer, run }, { runId: 'run', id, withEntropy: true });
    expect(detail).toMatchObject({ isRefinement: true, shapingGamma: 0.1 });
    expect(detail.advantage).not.toBe(0);
    expect(detail.tokens.map(({ logprob, problemLogprob, entropy }) => [logprob, problemLogprob, entropy])).toEqual(
      detail.tokens.map(() => [scriptedLogprobs.sampled, scriptedLogprobs.policy, 1]),
    );
    const refinement = store.refinement('run', id)?.refinement;
    expect([...(engine.callsOf('forward').at(-1)?.sequences[0]?.tokens ?? [])]).toEqual([
      ...(refinement?.promptTokens ?? []),
      ...(refinement?.tokens ?? []),
    ]);
    const calls = engine.calls.length;
    await tokenDetail({ store, tokenizer, run }, { runId: 'run', id, withEntropy: false });
    expect(engine.calls).toHaveLength(calls);
  });

  it('are missed, and their tokenizer is found', async () => {
    const { store, run } = await trained();
    await expect(tokenDetail({ store, tokenizer }, { runId: 'run', id: 'nothing', withEntropy: false })).rejects.toMatchObject({
      code: 'rollout.missing',
    });
    expect((await tokenizerOf(run.config, demoFolder)).vocabularySize).toBe(tokenizer.vocabularySize);
  });
});
