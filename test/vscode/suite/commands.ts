/** Manifest and registry name the same commands. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { product } from './product.ts';

const prefix = 'critiqueGrpo.';

describe('commands', () => {
  it('are all declared and all registered', async () => {
    const { manifest } = product();
    await product().activate();
    const declared = manifest.contributes.commands.map(({ command }) => command).sort();
    // Views register commands of their own (focus, open, …), which the editor declares.
    const views = Object.values(manifest.contributes.views).flatMap((list) => list.map(({ id }) => id));
    const registered = (await vscode.commands.getCommands(true))
      .filter((command) => command.startsWith(prefix) && !views.some((view) => command.startsWith(`${view}.`)))
      .sort();
    assert.deepEqual(registered, declared);
  });

  it('have titles under one category', () => {
    const { commands } = product().manifest.contributes;
    assert.deepEqual(
      commands.filter(({ title, category }) => title === '' || category !== 'Critique-GRPO').map(({ command }) => command),
      [],
    );
  });

  it('are declared where menus use them', () => {
    const { commands, menus } = product().manifest.contributes;
    const declared = new Set(commands.map(({ command }) => command));
    const used = Object.values(menus).flatMap((items) => items.flatMap(({ command }) => command ?? []));
    assert.deepEqual(
      used.filter((command) => command.startsWith(prefix) && !declared.has(command)),
      [],
    );
  });
});
