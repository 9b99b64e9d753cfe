/**
 * The only place that knows @vscode/webview-ui-toolkit. The toolkit is archived: to leave it, register elements of the same names here
 * (`vscode-button` with `appearance`, `vscode-progress-ring`) from another library. Everything else on the pages is plain HTML.
 */
import { provideVSCodeDesignSystem, vsCodeButton, vsCodeProgressRing } from '@vscode/webview-ui-toolkit';

/** Call once, before the first drawing. */
export function defineControls(): void {
  provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeProgressRing());
}
