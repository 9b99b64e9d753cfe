/** Scenes of the gallery: the rollout explorer and the comparison of critics in every state they can be in. */
import type { ConnectionView, RolloutPlace } from '../../extension/contract.ts';
import type { RolloutFilter } from '../../backend/protocol/views.ts';
import { mountLab } from '../lab/mount.ts';
import { mountExplorer } from '../rollouts/mount.ts';
import type { TokenMode } from '../rollouts/tokenMeasures.ts';
import { runId, type Wording } from './explorerRows.ts';
import { fixtureHost, type FixtureOptions } from './explorerHost.ts';

/** One state of one page; `show` draws it into an empty element. */
export interface ExplorerScene {
  readonly id: string;
  readonly title: string;
  show(root: HTMLElement): void;
}

const connected: ConnectionView = { state: 'connected', detail: '' };
const many = 100_000;
const groupId = `${runId}/1/chain-2/g2`;
const leftOut: RolloutPlace = { page: 'group', groupId: `${runId}/1/chain-0/g0` };
const group: RolloutPlace = { page: 'group', groupId };
const refinementTokens: RolloutPlace = { page: 'tokens', rolloutId: `${groupId}/r0/f0`, groupId };
const rolloutTokens: RolloutPlace = { page: 'tokens', rolloutId: `${groupId}/r0`, groupId };

const longAnswer = 'Step 1: 22 + 12 = 34. Now $34 + 7 = 41$, and \\(41 + 18 = 59\\).\n'.repeat(4000);
const rightToLeft: Wording = {
  question: 'كان لدى ليلى **22** كرة. حصلت على دزينة. كم كرة لديها إذا كان $22 + 12 = x$؟',
  answer: 'שלב 1: 22 + 12 = 34.\nשלב 2: 34 + 7 = 41.\nתשובה: 59.',
  critique: 'الخطوة 3: أضف 20، لا 18.',
  id: 'مسألة',
};
const hostile: Wording = {
  question: '<img src=x onerror="document.title=\'hacked\'"> [click](javascript:alert(1)) ![x](https://example.org/pixel.png)',
  answer:
    '<script>document.title="hacked"</script>\n\u001b[31mred\u001b[0m \u202eesrever\u202c\n</div></main><h1>59</h1>\n$\\href{javascript:alert(1)}{x}$',
  critique: '<iframe src="https://example.org"></iframe> [a](command:workbench.action.quit)',
  id: '<b onclick=alert(1)>very-long-problem-id-that-goes-on-and-on-and-on-and-on-and-on-and-on</b>',
};

export const explorerScenes: readonly ExplorerScene[] = [
  rollouts('rollouts-empty', 'Rollouts, none yet', { total: 0 }),
  rollouts('rollouts-loading', 'Rollouts, loading', { total: many, answers: 'never' }, { open: group }),
  rollouts('rollouts-error', 'Rollouts, unreadable', { total: many, answers: 'failing' }, { open: group }),
  rollouts(
    'rollouts-lost',
    'Rollouts, backend away',
    { total: many },
    { open: group, connection: { state: 'lost', detail: 'It ended with SIGKILL; it is started again.' } },
  ),
  rollouts('rollouts-one', 'Rollouts, one row', { total: 1 }),
  rollouts('rollouts-many', 'Rollouts, 100,000 rows', { total: many }),
  rollouts('rollouts-filtered', 'Rollouts, filters', { total: 7000 }, { filter: { level: 'hard', status: 'wrong', text: 'step 3', fromStep: 2 } }),
  rollouts('rollouts-nothing', 'Rollouts, nothing matches', { total: 7000 }, { filter: { text: 'no such words' } }),
  rollouts('rollouts-group', 'Group with critiques', { total: many }, { open: group }),
  rollouts(
    'rollouts-left-out',
    'Rollouts, groups left out by dynamic sampling',
    { total: 7000, filtersGroups: true },
    { filter: { groupKind: 'allRight' } },
  ),
  rollouts('rollouts-left-out-group', 'Group left out by dynamic sampling', { total: 7000, filtersGroups: true }, { open: leftOut }),
  rollouts('rollouts-problem', 'Problem history', { total: many }, { open: { page: 'problem', problemId: 'chain-2' } }),
  rollouts('rollouts-gap', 'Tokens by condition gap', { total: 1000 }, { open: refinementTokens, mode: 'gap' }),
  rollouts('rollouts-shaping', 'Tokens by shaping weight', { total: 1000 }, { open: refinementTokens, mode: 'shaping' }),
  rollouts('rollouts-logprob', 'Tokens by log-probability', { total: 1000 }, { open: rolloutTokens }),
  rollouts('rollouts-no-gap', 'Tokens, nothing to color by', { total: 1000 }, { open: rolloutTokens, mode: 'gap' }),
  rollouts('rollouts-long-tokens', 'Tokens, 32,000', { total: 1000, tokens: 32_000 }, { open: rolloutTokens }),
  rollouts('rollouts-long', 'Group, very long answers', { total: 1000, wording: { answer: longAnswer } }, { open: group }),
  rollouts('rollouts-rtl', 'Group, right-to-left text', { total: 1000, wording: rightToLeft }, { open: group }),
  rollouts('rollouts-hostile', 'Group, hostile text', { total: 1000, wording: hostile }, { open: group }),
  lab('lab-ready', 'Compare critics, before', { total: 100 }),
  lab('lab-results', 'Compare critics, results', { total: 100 }, { human: 'Check step 3: a score means + 20.', run: true }),
  lab('lab-running', 'Compare critics, at work', { total: 100, neverFor: ['critique/counterfactual'] }, { run: true }),
  lab('lab-loading', 'Compare critics, loading', { total: 100, answers: 'never' }),
  lab('lab-error', 'Compare critics, unreadable', { total: 100, answers: 'failing' }),
  lab('lab-rtl', 'Compare critics, right-to-left text', { total: 100, wording: rightToLeft }, { run: true }),
  lab('lab-hostile', 'Compare critics, hostile text', { total: 100, wording: hostile }, { human: '<script>alert(1)</script>', run: true }),
];

interface RolloutsScene {
  readonly filter?: RolloutFilter;
  readonly open?: RolloutPlace;
  readonly mode?: TokenMode;
  readonly connection?: ConnectionView;
}

function rollouts(
  id: string,
  title: string,
  options: FixtureOptions,
  { filter = {}, open, mode, connection = connected }: RolloutsScene = {},
): ExplorerScene {
  return {
    id,
    title,
    show(root) {
      const explorer = mountExplorer(root, fixtureHost(options));
      explorer.receive({ type: 'show', view: { kind: 'rollouts', runId, filter, open: open ?? null }, connection });
      if (mode !== undefined) explorer.chooseTokenMode(mode);
    },
  };
}

function lab(
  id: string,
  title: string,
  options: FixtureOptions,
  { human, run = false }: { readonly human?: string; readonly run?: boolean } = {},
): ExplorerScene {
  return {
    id,
    title,
    show(root) {
      const page = mountLab(root, fixtureHost(options));
      page.receive({ type: 'show', view: { kind: 'lab', runId, rolloutId: `${groupId}/r0` }, connection: connected });
      if (human !== undefined) page.type(human);
      // The failed answer is read first.
      if (run) setTimeout(() => page.run(), 50);
    },
  };
}
