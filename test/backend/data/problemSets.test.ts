/** Filter, split and limit: what they keep, and that they depend on the problems alone. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitProblems, splitProblems } from '../../../backend/data/problemFilter.ts';
import { readSets, type ProblemSets } from '../../../backend/data/problemSets.ts';
import { dataSchema, type DataConfigInput } from '../../../backend/protocol/dataConfig.ts';
import type { Problem } from '../../../backend/protocol/records.ts';
import { problem, problems, writeProblems } from '../../support/scriptedRun.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const idsOf = (list: readonly Problem[]): string[] => list.map(({ id }) => id);

function setsOf(list: readonly Problem[], data: Omit<DataConfigInput, 'train'>, heldOut?: readonly Problem[]): Promise<ProblemSets> {
  const folder = temporaryFolder();
  writeProblems(join(folder, 'train.jsonl'), list);
  if (heldOut !== undefined) writeProblems(join(folder, 'heldOut.jsonl'), heldOut);
  const config = dataSchema.parse({ train: 'train.jsonl', ...(heldOut === undefined ? {} : { heldOut: 'heldOut.jsonl' }), ...data });
  return readSets(config, { locate: (path) => join(folder, path), promptTokens: ({ id }) => Number(id.slice(1)) });
}

describe('a split', () => {
  it('takes from each level its share, and nothing twice', async () => {
    const { train, heldOut } = await setsOf(problems(40), { split: { count: 10 } });
    expect(heldOut.filter(({ level }) => level === 'easy')).toHaveLength(5);
    expect(heldOut).toHaveLength(10);
    expect(new Set([...idsOf(train), ...idsOf(heldOut)]).size).toBe(40);
    expect((await setsOf(problems(40), { split: { fraction: 0.25 } })).heldOut).toEqual(heldOut);
  });

  it('depends on seed and questions alone, not on order, ids or the other problems’ answers', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...Array(30).keys()], { minLength: 30 }), fc.nat(), (order, seed) => {
        const list = problems(30);
        const shuffled = order.map((i) => ({ ...(list[i] as Problem), id: `other${i}` }));
        const asked = (set: readonly Problem[]): string[] => set.map(({ answer }) => answer).sort();
        expect(asked(splitProblems(shuffled, { count: 7 }, seed).heldOut)).toEqual(asked(splitProblems(list, { count: 7 }, seed).heldOut));
        expect(asked(limitProblems(shuffled, 7, seed))).toEqual(asked(limitProblems(list, 7, seed)));
      }),
      { numRuns: 30 },
    );
    expect(idsOf(splitProblems(problems(30), { count: 7 }, 1).heldOut)).not.toEqual(idsOf(splitProblems(problems(30), { count: 7 }, 2).heldOut));
  });

  it('never puts the same question on both sides', () => {
    const list = [...problems(12), ...problems(12).map((each) => ({ ...each, id: `again ${each.id}` }))];
    const { train, heldOut } = splitProblems(list, { fraction: 0.3 }, 0);
    const asked = new Set(train.map(({ prompt }) => prompt[0]?.content));
    expect(heldOut.filter(({ prompt }) => asked.has(prompt[0]?.content))).toEqual([]);
  });

  it('a larger limit keeps what a smaller one kept', () => {
    const [few, more] = [limitProblems(problems(20), 5, 3), limitProblems(problems(20), 11, 3)];
    expect([few.length, more.length]).toEqual([5, 11]);
    expect(idsOf(more)).toEqual(expect.arrayContaining(idsOf(few)));
  });
});

describe('a filter', () => {
  const tagged = problems(8).map((each, i) => ({ ...each, metadata: { source: i < 4 ? 'a' : 'b', index: i } }));
  it.each<[string, DataConfigInput['filter'], string]>([
    ['levels', { levels: ['hard'] }, 'p1 p3 p5 p7'],
    ['metadata', { metadata: { source: 'b' } }, 'p4 p5 p6 p7'],
    ['metadata of two kinds', { metadata: { source: 'b', index: 6 } }, 'p6'],
    ['ids', { ids: ['p3', 'p1'] }, 'p1 p3'],
    ['ids left out', { withoutIds: ['p3', 'nobody'], levels: ['hard'] }, 'p1 p5 p7'],
    ['tokens', { maxPromptTokens: 2 }, 'p0 p1 p2'],
    ['several at once', { levels: ['easy'], maxPromptTokens: 5, metadata: { source: 'b' } }, 'p4'],
  ])('by %s', async (_, filter, kept) => {
    const sets = await setsOf(tagged, { filter: filter ?? {} });
    expect(idsOf(sets.train).join(' ')).toBe(kept);
    expect(sets.filteredOut).toBe(8 - sets.train.length);
  });

  it('by length, and by question', async () => {
    const long = { ...problem(1), prompt: [{ role: 'user' as const, content: 'x'.repeat(100) }] };
    expect(idsOf((await setsOf([problem(0), long], { filter: { maxPromptCharacters: 99 } })).train)).toEqual(['p0']);
    expect(idsOf((await setsOf([problem(0), { ...problem(0), id: 'again' }, problem(1)], { filter: { distinct: true } })).train)).toEqual([
      'p0',
      'p1',
    ]);
  });

  it('leaves a held-out file whole', async () => {
    expect((await setsOf(problems(4), { filter: { levels: ['hard'] } }, problems(9).slice(5))).heldOut).toHaveLength(4);
  });
});

it.each<[string, Omit<DataConfigInput, 'train'>, string, RegExp]>([
  ['two held-out sets', { heldOut: 'x', split: { count: 1 } }, 'data.twoHeldOut', /Keep one/],
  ['a split that leaves nothing', { split: { count: 4 } }, 'data.badSplit', /holds out 4 of 4/],
  ['a filter that leaves nothing', { filter: { maxPromptCharacters: 1 } }, 'data.nothingLeft', /leaves none of the 4 problems/],
  ['a level that there is not', { filter: { levels: ['medium'] } }, 'data.filterUnknown', /levels names "medium".*Choose among easy, hard/],
  ['metadata that there is not', { filter: { metadata: { source: 'x' } } }, 'data.filterUnknown', /metadata names "source"/],
  ['an id that there is not', { filter: { ids: ['q'] } }, 'data.filterUnknown', /ids names "q"/],
])('refuses %s', async (_, data, code, message) => {
  await expect(setsOf(problems(4), data)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
});

it.each([{ fraction: 0.1, count: 3 }, {}])('a run file gives either a fraction or a count: %j', (split) => {
  expect(dataSchema.safeParse({ train: 'x', split }).success).toBe(false);
});

it('reads held-out problems of another layout with columns of their own', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'train.csv'), 'text,result,answer\nWhy?,1,no\n');
  writeProblems(join(folder, 'heldOut.jsonl'), problems(2));
  const data = dataSchema.parse({ train: 'train.csv', heldOut: 'heldOut.jsonl', columns: { prompt: 'text', answer: 'result' }, heldOutColumns: {} });
  const { train, heldOut } = await readSets(data, { locate: (path) => join(folder, path) });
  expect([...train, ...heldOut].map(({ answer }) => answer)).toEqual(['1', '15', '16']);
  await expect(readSets({ ...data, heldOutColumns: null }, { locate: (path) => join(folder, path) })).rejects.toMatchObject({
    code: 'dataset.noColumn',
  });
});

it('gives a held-out problem an id of its own where it shares one with another problem', async () => {
  const { heldOut } = await setsOf(problems(2), {}, [problem(0), { ...problem(5), id: 'p1' }]);
  expect(idsOf(heldOut)).toEqual(['p0', 'heldOut:p1']);
});
