/** Narrows the persistent failures to a level and to words of the problem. */
import * as vscode from 'vscode';
import type { Command } from '../services.ts';
import { levelsOf } from '../state/failures.ts';

export const filterFailures: Command = {
  id: 'critiqueGrpo.filterFailures',
  async run({ failuresTree, sync }) {
    const { level, text = '' } = failuresTree.filter;
    const levels = levelsOf(sync.state.failures ?? []);
    const all = { label: 'All levels', description: level === undefined ? 'now' : '', level: null };
    const items = [all, ...levels.map((name) => ({ label: name, description: name === level ? 'now' : '', level: name }))];
    const picked = levels.length < 2 ? all : await vscode.window.showQuickPick(items, { title: 'Filter Failures: Level' });
    if (picked === undefined) return;
    const words = await vscode.window.showInputBox({
      title: 'Filter Failures: Words',
      prompt: 'Words of the problem; leave empty for all.',
      value: text,
    });
    if (words === undefined) return;
    failuresTree.filterBy({ ...(picked.level === null ? {} : { level: picked.level }), ...(words.trim() === '' ? {} : { text: words.trim() }) });
  },
};
