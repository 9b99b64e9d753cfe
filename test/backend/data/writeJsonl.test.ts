/** What is written as JSON Lines is read as the same problems. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readProblems } from '../../../backend/data/readProblems.ts';
import { writeJsonl } from '../../../backend/data/writeJsonl.ts';
import type { Problem } from '../../../backend/protocol/records.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).map((value) => `x${value}`);
const choices = fc.option(fc.uniqueArray(text, { minLength: 2, maxLength: 5 }), { nil: undefined });
const problem: fc.Arbitrary<Problem> = fc
  .record({
    question: text,
    system: fc.option(text, { nil: undefined }),
    answer: text,
    level: text,
    demonstration: fc.option(text, { nil: undefined }),
    choices,
    metadata: fc.option(fc.dictionary(text, fc.oneof(text, fc.boolean(), fc.integer(), fc.constant(null)), { minKeys: 1, maxKeys: 3 }), {
      nil: undefined,
    }),
  })
  .map(({ question, system, choices: given, answer, demonstration, metadata, level }) => {
    const list = (given ?? []).map((choice, i) => `${String.fromCharCode(65 + i)}. ${choice}`);
    return {
      id: '',
      prompt: [
        ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
        { role: 'user' as const, content: [question, ...list].join('\n') },
      ],
      answer: given === undefined ? answer : 'B',
      level,
      ...(demonstration === undefined ? {} : { demonstration }),
      ...(given === undefined ? {} : { choices: given }),
      ...(metadata === undefined ? {} : { metadata: { ...metadata } }),
    };
  });

it.each(['plain.jsonl', 'packed.jsonl.gz'])('problems come back as they were: %s', async (name) => {
  const folder = temporaryFolder();
  const path = join(folder, name);
  await fc.assert(
    fc.asyncProperty(fc.array(problem, { minLength: 1, maxLength: 5 }), async (list) => {
      const problems = list.map((each, i) => ({ ...each, id: `p${i}` }));
      expect(await writeJsonl(path, problems)).toBe(problems.length);
      expect((await readProblems(path, { onBrokenRow: 'refuse' })).problems).toEqual(problems);
    }),
    { numRuns: 40 },
  );
  expect(readdirSync(folder)).toEqual([name]);
});

it('a failure on the way leaves neither a file nor a part of one', async () => {
  const folder = temporaryFolder();
  async function* rows(): AsyncGenerator<object> {
    yield await Promise.resolve({ a: 1 });
    throw new Error('no more');
  }
  await expect(writeJsonl(join(folder, 'x.jsonl'), rows())).rejects.toThrow('no more');
  expect(readdirSync(folder)).toEqual([]);
});
