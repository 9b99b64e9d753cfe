/** The report of a run that was scored again, as Markdown. */
import type { GroupOutcome, RescoreReport } from '../../backend/protocol/verdictViews.ts';
import { visibleLabel } from '../critiques/visibleText.ts';
import { reportSection, reportTable } from './reportText.ts';

export function rescoreText(runName: string, report: RescoreReport): string {
  const { verifier, graded, total, counts, changed, groups, groupsTotal } = report;
  const others = groups.length === 0 ? 'none' : String(groups.length);
  const differing = counts.filter(({ before, after }) => before !== after).reduce((sum, { count }) => sum + count, 0);
  return [
    `# ${visibleLabel(runName, 80)} scored again with ${verifier}`,
    '',
    `${graded} of ${total} answers were graded. ${differing === 0 ? 'No verdict' : differing === 1 ? '1 verdict' : `${differing} verdicts`} changed; of ${groupsTotal === 1 ? '1 group' : `${groupsTotal} groups`}, ${others} would have been ${groups.length === 1 ? 'another' : 'others'}. What the run trained on stays as it was.`,
    '',
    ...reportTable(
      ['before', 'now', 'answers'],
      counts.map(({ before, after, count }) => [before, after, String(count)]),
    ),
    ...reportSection(
      'Verdicts that changed',
      reportTable(
        ['step', 'problem', 'answer', 'before', 'now', 'why'],
        changed.map(({ step, problemId, isRefinement, before, after }) => [
          String(step),
          `${problemId}${isRefinement ? ' (refinement)' : ''}`,
          after.extracted ?? before.extracted ?? '',
          `${before.status} ${before.reward}`,
          `${after.status} ${after.reward}`,
          after.reason,
        ]),
      ),
    ),
    ...reportSection(
      'Groups that would have been others',
      reportTable(
        ['step', 'problem', 'before', 'now', 'largest change of an advantage'],
        groups.map(({ step, problemId, before, after, advantageChange }) => [
          String(step),
          problemId,
          outcome(before),
          outcome(after),
          advantageChange.toFixed(3),
        ]),
      ),
    ),
  ].join('\n');
}

function outcome({ kind, zeroSignal, excluded }: GroupOutcome): string {
  return [kind, ...(zeroSignal ? ['no signal'] : []), ...(excluded > 0 ? [`${excluded} left out`] : [])].join(', ');
}
