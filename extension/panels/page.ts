/** The HTML of a panel: a frame for one bundled script and its stylesheet, and a policy that lets in nothing else. */
import type { PanelKind } from '../contract.ts';

export interface PageSources {
  readonly kind: PanelKind;
  /** Random, new for each load. */
  readonly nonce: string;
  /** The origin that the editor serves the panel's files from. */
  readonly cspSource: string;
  /** Address of a file in `dist/webview`. */
  address(file: string): string;
}

const titles: Readonly<Record<PanelKind, string>> = { run: 'Run', rollouts: 'Rollouts', lab: 'Compare critics', experiment: 'Experiment' };

export function panelPage({ kind, nonce, cspSource, address }: PageSources): string {
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} 'unsafe-inline'`,
    `font-src ${cspSource}`,
    `img-src ${cspSource}`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${titles[kind]}</title>
<link rel="stylesheet" id="vscode-codicon-stylesheet" href="${escaped(address('codicon.css'))}">
<link rel="stylesheet" href="${escaped(address(`${kind}.css`))}">
</head>
<body>
<main id="app"></main>
<script type="module" nonce="${escaped(nonce)}" src="${escaped(address(`${kind}.js`))}"></script>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
