/** Filters, search and paging against the same questions asked of plain arrays. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RolloutFilter, RolloutRow } from '../../../backend/protocol/views.ts';
import { excerptLength } from '../../../backend/store/rolloutPages.ts';
import { matchExpression } from '../../../backend/store/textSearch.ts';
import { filledStore, newRun, problems, stepBatch, temporaryStore } from './stepRecords.ts';

const steps = { first: 20, second: 15 };

interface Expected {
  readonly row: Omit<RolloutRow, 'key'>;
  readonly text: string;
}

/** Everything recorded of a run, oldest first. */
function expectedOf(runId: keyof typeof steps): Expected[] {
  return Array.from({ length: steps[runId] }, (_, step) => stepBatch(runId, step)).flatMap((batch) =>
    batch.rollouts.map((rollout) => {
      const { id, step, problemId, index, finish, completion, tokens } = rollout;
      const verdict = batch.verdicts.find(({ rolloutId }) => rolloutId === id);
      const critiques = batch.critiques.filter(({ rolloutId }) => rolloutId === id);
      return {
        row: {
          id,
          step,
          problemId,
          index,
          level: problems.find((problem) => problem.id === problemId)?.level ?? null,
          status: verdict?.status ?? null,
          reward: verdict?.reward ?? null,
          extracted: verdict?.extracted ?? null,
          cause: verdict?.cause ?? null,
          groupId: batch.groups.find((group) => group.problemId === problemId)?.id ?? null,
          groupKind: batch.groups.find((group) => group.problemId === problemId)?.kind ?? null,
          critiqueKinds: critiques.map(({ kind }) => kind),
          finish,
          tokenCount: tokens.length,
          excerpt: completion.slice(0, excerptLength),
        },
        text: [completion, ...critiques.map(({ text }) => text)].join('\n'),
      };
    }),
  );
}

function holds({ row, text }: Expected, filter: RolloutFilter): boolean {
  const words = new Set(text.toLowerCase().split(/[^a-z]+/));
  return (
    (filter.fromStep === undefined || row.step >= filter.fromStep) &&
    (filter.toStep === undefined || row.step <= filter.toStep) &&
    (['problemId', 'level', 'status', 'cause', 'groupKind'] as const).every((field) => filter[field] === undefined || row[field] === filter[field]) &&
    (filter.critiqueKind === undefined || row.critiqueKinds.includes(filter.critiqueKind)) &&
    (filter.text === undefined || filter.text.split(' ').every((word) => words.has(word.toLowerCase())))
  );
}

const filters: fc.Arbitrary<RolloutFilter> = fc.record(
  {
    fromStep: fc.integer({ min: 0, max: 20 }),
    toStep: fc.integer({ min: 0, max: 20 }),
    problemId: fc.constantFrom('problem-0', 'problem-3', 'nothing'),
    level: fc.constantFrom('easy', 'hard'),
    status: fc.constantFrom('right', 'wrong', 'failed'),
    cause: fc.constantFrom('wrongValue', 'noAnswer', 'verifierFailed', 'unparsable'),
    critiqueKind: fc.constantFrom('stepLevel', 'self', 'verdict'),
    groupKind: fc.constantFrom('allRight', 'mixed', 'allWrong', 'rescued'),
    text: fc.constantFrom('apples', 'PEARS twelve', 'look', 'look boxes', 'again', 'nothing', 'total answer wrong'),
  },
  { requiredKeys: [] },
);

describe('pages of rollouts', () => {
  const expected = { first: expectedOf('first'), second: expectedOf('second') };

  it('are, put together, the filtered run in the order asked for, each row once', () => {
    const { store } = filledStore(steps);
    fc.assert(
      fc.property(
        fc.constantFrom('first' as const, 'second' as const),
        filters,
        fc.constantFrom('newest' as const, 'oldest' as const),
        fc.integer({ min: 1, max: 30 }),
        (runId, filter, order, limit) => {
          const rows: RolloutRow[] = [];
          let after: number | undefined;
          do {
            const page = store.rolloutPage({ runId, ...filter, order, limit, ...(after === undefined ? {} : { after }) });
            expect(page.rows.length).toBeLessThanOrEqual(limit);
            expect(page.rows.length === limit || page.next === null).toBe(true);
            rows.push(...page.rows);
            after = page.next ?? undefined;
          } while (after !== undefined);
          const wanted = expected[runId].filter((entry) => holds(entry, filter)).map(({ row }) => row);
          expect(rows.map(({ key: _, ...row }) => row)).toEqual(order === 'newest' ? wanted.reverse() : wanted);
          expect(store.countRollouts(runId, filter)).toBe(wanted.length);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is not moved by rows that arrive between two pages', () => {
    const { store: growing } = filledStore({ run: 3 });
    const first = growing.rolloutPage({ runId: 'run', limit: 10 });
    growing.record(stepBatch('run', 3));
    const second = growing.rolloutPage({ runId: 'run', limit: 10, ...(first.next === null ? {} : { after: first.next }) });
    expect(second.rows[0]?.key).toBe((first.rows.at(-1)?.key ?? 0) - 1);
  });

  it('finds what a later critique says, and still what an earlier one said', () => {
    const { store: revised } = filledStore({ run: 12 });
    const critique = Array.from({ length: 12 }, (_, step) => stepBatch('run', step).critiques).flat()[0];
    if (critique === undefined) throw new Error('no critique');
    revised.reviseCritique({ runId: 'run', baseId: critique.id, text: 'Überprüfe the denominators', author: 'ann' });
    const found = revised.rolloutPage({ runId: 'run', text: 'uberprufe denominators' }).rows;
    expect(found.map(({ id }) => id)).toEqual([critique.rolloutId]);
    expect(found[0]?.critiqueKinds).toEqual([critique.kind, 'human']);
    expect(revised.rolloutPage({ runId: 'run', text: critique.text, limit: 1000 }).rows.map(({ id }) => id)).toContain(critique.rolloutId);
    expect(revised.rolloutPage({ runId: 'run', critiqueKind: 'human' }).rows.map(({ id }) => id)).toEqual([critique.rolloutId]);
  });

  it('shows a rollout the group that names it, when its problem was drawn twice in a step', () => {
    const { store: twice } = temporaryStore();
    twice.createRun(newRun('run'));
    const { rollouts, groups, verdicts } = stepBatch('run', 0);
    const [group] = groups;
    if (group === undefined) throw new Error('no group');
    const own = rollouts.filter(({ problemId }) => problemId === group.problemId);
    const copies = own.map((rollout) => ({ ...rollout, id: `${rollout.id}/copy` }));
    const member = { origin: 'policy', reward: 0, advantage: 0, weight: 1 } as const;
    const a = { ...group, id: 'a', kind: 'mixed', members: own.map(({ id }) => ({ id, ...member })) } as const;
    const b = { ...group, id: 'b', kind: 'allWrong', members: copies.map(({ id }) => ({ id, ...member })) } as const;
    twice.record({ runId: 'run', rollouts: [...own, ...copies], verdicts, groups: [a, b] });
    const kindOf = new Map(twice.rolloutPage({ runId: 'run' }).rows.map(({ id, groupKind }) => [id, groupKind]));
    for (const { id } of own) expect(kindOf.get(id)).toBe('mixed');
    for (const { id } of copies) expect(kindOf.get(id)).toBe('allWrong');
    expect(twice.group('run', 'a')?.attempts.map(({ rollout }) => rollout.id)).toEqual(own.map(({ id }) => id));
    expect(twice.group('run', 'b')?.attempts.map(({ rollout }) => rollout.id)).toEqual(copies.map(({ id }) => id));
  });
});

describe('a search', () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ['two words', '"two" AND "words"'],
    ['"two words" three', '"two words" AND "three"'],
    ['pre*', '"pre*"*'],
    ['pr*', '"pr*"'],
    ['x = 3 + y', '"x" AND "3" AND "y"'],
    ['NOT AND', '"NOT" AND "AND"'],
    ['an "unclosed quote', '"an" AND "unclosed" AND "quote"'],
    ['+ - "*"', null],
    ['', null],
  ];
  for (const [typed, expression] of cases) {
    it(`for ${JSON.stringify(typed)} asks ${String(expression)}`, () => expect(matchExpression(typed)).toBe(expression));
  }

  it('never fails, whatever is typed', () => {
    const { store } = filledStore({ run: 1 });
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => store.rolloutPage({ runId: 'run', text }).rows.length >= 0));
    fc.assert(fc.property(fc.stringMatching(/^["*()^:a{}+-]{0,12}$/), (text) => store.rolloutPage({ runId: 'run', text }).rows.length >= 0));
  });
});
