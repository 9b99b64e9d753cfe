/**
 * The only place that knows @vscode/webview-ui-toolkit; `controls.ts` writes its elements into pages. The toolkit is archived: to leave it,
 * register elements of the same names here from another library, and adapt the templates there.
 *
 * Plain HTML stays where the toolkit's element is worse:
 * - radio buttons and the segments made of them: `vscode-radio-group` tells of its own changes as if a person had made them, and its arrow keys go
 *   wrong after a click; the browser's are right.
 * - `button.link`: `vscode-link` is an anchor, and these do something in the page.
 * - tables and the list of rollouts: `vscode-data-grid` draws no 100,000 rows, sorts nothing, and has no row headers.
 * - `progress` and the slider of the smoothing: the toolkit has neither, only a ring.
 * - chips of verdicts in rows, legends of charts, chips of filters: hundreds on a page, made and dropped while it scrolls.
 * - panels: no page has tabs; a report is read from top to bottom and searched as a whole.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeBadge,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDivider,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeProgressRing,
  vsCodeTextArea,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import './controls.css';

let areDefined = false;

/** Call before the first drawing; more than once is harmless. */
export function defineControls(): void {
  if (areDefined) return;
  areDefined = true;
  provideVSCodeDesignSystem().register(
    vsCodeBadge(),
    vsCodeButton(),
    vsCodeCheckbox(),
    vsCodeDivider(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodeProgressRing(),
    vsCodeTextArea(),
    vsCodeTextField(),
  );
}
