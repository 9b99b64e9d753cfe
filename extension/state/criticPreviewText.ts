/** What a critic would be asked, as a document. */
import type { CriticPreview } from '../../backend/protocol/criticViews.ts';
import { visibleLines } from '../critiques/visibleText.ts';

export function criticPreviewText({ critic, asks, messages, text, isExample }: CriticPreview): string {
  const head = [
    `# The critic ${critic}`,
    '',
    asks === null ? 'It follows a rule and asks nobody.' : `It asks ${asks}.`,
    isExample
      ? 'The answer below is made up. Open a failure beside this file to see the request about that one.'
      : 'The answer below is the one that is open beside.',
    'To change the request, run "Critique-GRPO: Edit Critic Prompt".',
    '',
  ];
  const said = text === null ? [] : ['## What it says', '', ...visibleLines(text), ''];
  return [...head, ...said, ...messages.flatMap(({ role, content }) => [`## ${role}`, '', ...visibleLines(content), ''])].join('\n');
}
