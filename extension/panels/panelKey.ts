/** Which panel a view belongs in: asking for the same thing again brings its panel to the front instead of opening a second one. */
import type { PanelView } from '../contract.ts';

export function panelKey(view: PanelView): string {
  return JSON.stringify(view.kind === 'lab' ? [view.kind, view.runId, view.rolloutId] : [view.kind, view.runId]);
}
