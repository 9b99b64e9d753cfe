import { describe, expect, it } from 'vitest';
import type { PanelView } from '../../../extension/contract.ts';
import { checkPanelView, viewOfState } from '../../../extension/panels/messages.ts';
import { panelKey } from '../../../extension/panels/panelKey.ts';

const views: readonly PanelView[] = [
  { kind: 'run', runId: 'a', overlays: ['b'] },
  { kind: 'rollouts', runId: 'a', filter: { level: 'hard', fromStep: 3 }, open: null },
  { kind: 'rollouts', runId: 'a', filter: {}, open: { page: 'group', groupId: 'g' } },
  { kind: 'rollouts', runId: 'a', filter: {}, open: { page: 'problem', problemId: 'p' } },
  { kind: 'rollouts', runId: 'a', filter: {}, open: { page: 'tokens', rolloutId: 'r', groupId: 'g' } },
  { kind: 'lab', runId: 'a', rolloutId: 'r' },
  { kind: 'experiment', experimentId: 'e' },
];

describe('the view that a page kept', () => {
  it.each(views.map((view) => [view]))('%j is taken', (view) => {
    expect(viewOfState({ view: JSON.parse(JSON.stringify(view)) as unknown, drafts: {} })).toEqual(view);
  });

  it.each([[undefined], [null], ['run'], [{ kind: 'run' }], [{ kind: 'lab', runId: 'a', rolloutId: '' }], [{ kind: 'shell', runId: 'a' }]])(
    '%j is not',
    (state) => {
      expect(checkPanelView(state)).toBeNull();
      expect(viewOfState(state)).toBeNull();
      expect(viewOfState({ view: state })).toBeNull();
    },
  );
});

describe('panelKey', () => {
  it('is one a run and kind, one a failed answer, one an experiment', () => {
    expect(views.map(panelKey).filter((key, index, keys) => keys.indexOf(key) === index)).toHaveLength(4);
    expect(panelKey({ kind: 'lab', runId: 'a', rolloutId: 's' })).not.toBe(panelKey({ kind: 'lab', runId: 'a', rolloutId: 'r' }));
  });
});
