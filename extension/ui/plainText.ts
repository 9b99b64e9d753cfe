/** Text of models and data sets where the editor would read markup into it. */
import * as vscode from 'vscode';
import { visibleLabel } from '../critiques/visibleText.ts';

const longest = 600;

/** A tooltip that shows the text as it is: no links, no commands, no HTML. */
export function plainTooltip(heading: string, ...paragraphs: readonly string[]): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString();
  tooltip.isTrusted = false;
  tooltip.supportHtml = false;
  tooltip.appendMarkdown('**').appendText(visibleLabel(heading, longest)).appendMarkdown('**');
  for (const paragraph of paragraphs) tooltip.appendMarkdown('\n\n').appendText(visibleLabel(paragraph, longest));
  return tooltip;
}
