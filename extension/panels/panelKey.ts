/** Which panel a view belongs in: asking for the same thing again brings its panel to the front instead of opening a second one. */
import type { PanelView } from '../contract.ts';

export function panelKey(view: PanelView): string {
  return JSON.stringify([view.kind, ...subjectOf(view)]);
}

function subjectOf(view: PanelView): readonly string[] {
  switch (view.kind) {
    case 'run':
    case 'rollouts':
      return [view.runId];
    case 'lab':
      return [view.runId, view.rolloutId];
    case 'experiment':
      return [view.experimentId];
  }
}
