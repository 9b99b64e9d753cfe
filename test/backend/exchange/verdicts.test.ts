/** Exports by the verdicts of now and by those of training. */
import { describe, expect, it } from 'vitest';
import { lessonFormats, type LessonFormatName, type LessonOptions, type LessonRow } from '../../../backend/exchange/lessonFormats.ts';
import { scalarsOf } from '../../../backend/exchange/scalars.ts';
import type { Store } from '../../../backend/store/store.ts';
import { filledStore } from '../store/stepRecords.ts';

const all: LessonOptions = { verdicts: 'current', withoutHuman: false, withoutTrials: false, withoutFlagged: false };
const steps = 12;

function rowsOf(store: Store, name: LessonFormatName, options = all): LessonRow[] {
  return [...lessonFormats[name].rows(store, 'run', options)];
}

describe('verdicts that were settled or rescored since', () => {
  /** A lesson that taught nothing, which a person finds to be right after all, and a rescue that a corrected verifier undoes. */
  function reconsidered(): { store: Store; found: string; undone: string } {
    const { store } = filledStore({ run: steps });
    const lessons = [...store.lessons('run', 'original')].filter(({ failedVerdict }) => failedVerdict?.verdict.status === 'wrong');
    const idOf = (status: 'right' | 'wrong'): string =>
      lessons.find(({ refinementVerdict }) => refinementVerdict?.verdict.status === status)?.refinement.id ?? '';
    const [found, undone] = [idOf('wrong'), idOf('right')];
    store.settleVerdict({ runId: 'run', rolloutId: found, status: 'right', author: 'Ada' });
    const id = store.beginRescoring('run', 'math');
    for (const page of store.rescoring('run', id).pages(50)) {
      store.addRevisions(
        'run',
        id,
        page.flatMap((answer) => {
          const verdict = store.verdict('run', answer.id);
          const change = answer.id === undone ? { status: 'wrong' as const, reward: 0, cause: 'wrongValue' as const } : {};
          return verdict === null ? [] : [{ ...verdict, verifier: 'math', ...change }];
        }),
      );
    }
    return { store, found, undone };
  }
  const original: LessonOptions = { ...all, verdicts: 'original' };
  const textOf = (store: Store, id: string): unknown => store.refinement('run', id)?.refinement.completion;

  it('decide what is exported, and each row says whose they are', () => {
    const { store, found, undone } = reconsidered();
    for (const [name, answer] of [
      ['preferences', 'chosen'],
      ['sft', 'completion'],
    ] as const) {
      const texts = (rows: LessonRow[]): unknown[] => rows.map((row) => (row[answer] as { content: string }[])[0]?.content);
      const [now, then] = [rowsOf(store, name), rowsOf(store, name, original)];
      expect(texts(now)).toContain(textOf(store, found));
      expect(texts(then)).not.toContain(textOf(store, found));
      expect(texts(now)).not.toContain(textOf(store, undone));
      expect(texts(then)).toContain(textOf(store, undone));
      const settled = now.filter((row) => row['refinement_verdict_source'] === 'settled');
      expect(settled).toMatchObject([{ refinement_verdict_by: 'Ada', failed_verdict_source: 'rescored', failed_verdict_by: 'math' }]);
      expect(new Set(then.map((row) => `${String(row['failed_verdict_source'])} ${String(row['failed_verdict_by'])}`))).toEqual(
        new Set(['run numeric']),
      );
    }
  });

  it('are those of triples, too', () => {
    const { store, found, undone } = reconsidered();
    const row = (rows: LessonRow[], id: string): LessonRow | undefined => rows.find((each) => each['refinement'] === textOf(store, id));
    const [now, then] = [rowsOf(store, 'triples'), rowsOf(store, 'triples', original)];
    expect(row(now, found)).toMatchObject({ is_right: true, refinement_reward: 1, refinement_verdict_source: 'settled' });
    expect(row(then, found)).toMatchObject({ is_right: false, refinement_reward: 0, refinement_verdict_source: 'run' });
    expect(row(now, undone)).toMatchObject({ is_right: false, refinement_verdict_source: 'rescored', refinement_verdict_by: 'math' });
    expect(row(then, undone)).toMatchObject({ is_right: true });
    // An answer that was found to be right is no failure to learn from.
    const first = [...store.lessons('run', 'current')][0]?.failed.id ?? '';
    store.settleVerdict({ runId: 'run', rolloutId: first, status: 'right', author: 'Ada' });
    expect(rowsOf(store, 'triples').length).toBeLessThan(now.length);
    expect(rowsOf(store, 'triples', original)).toEqual(then);
  });

  it('change what is counted from them in a step, and say so', () => {
    const { store, found } = reconsidered();
    const step = store.refinement('run', found)?.refinement.step ?? -1;
    const at = (verdicts: LessonOptions['verdicts']) => [...scalarsOf(store, 'run', verdicts)].find((scalars) => scalars.step === step)?.values ?? {};
    expect(at('current')).toMatchObject({ 'train/verdictsChanged': 1, 'train/loss': at('original')['train/loss'] });
    expect(at('current')['train/refinementsRight']).toBeGreaterThanOrEqual(1);
    expect(at('original')).not.toHaveProperty(['train/verdictsChanged']);
    const others = [...scalarsOf(store, 'run', 'current')].filter(({ values }) => values['train/verdictsChanged'] === 0);
    expect(others.length).toBeGreaterThan(steps - 3);
  });
});
