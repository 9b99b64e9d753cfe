/** In a workspace that nobody has vouched for: what is there can be seen, nothing is started. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { eventually, messagesOnScreen, product, rowsOf } from './product.ts';

describe('without trust', () => {
  it('is what this window has', () => assert.equal(vscode.workspace.isTrusted, false));

  it('shows the runs of the workspace', async () => {
    const { trees } = await product().activate();
    const rows = await eventually('a run in the tree', async () => {
      const found = await rowsOf(trees.runs);
      return found.length > 0 ? found : undefined;
    });
    assert.match(rows[0]?.label ?? '', /word-problems/);
  });

  it('refuses to start a training, says why, and changes nothing', async () => {
    const { trees } = await product().activate();
    const before = await rowsOf(trees.runs);
    // The reason is a message with a button: nobody presses it here, so nothing is awaited.
    void vscode.commands.executeCommand('critiqueGrpo.startTraining');
    const reason = await eventually('the reason on the screen', async () => {
      await vscode.commands.executeCommand('notifications.showList');
      return messagesOnScreen().find((text) => text.includes('Training'));
    });
    assert.match(reason, /Training runs models and verifiers, so it needs a trusted workspace\. Everything recorded can be viewed without\./);
    assert.match(reason, /Manage Workspace Trust/);
    assert.deepEqual(await rowsOf(trees.runs), before);
  });
});
