/** In a workspace that nobody has vouched for: what is there can be seen, nothing is started. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { eventually, product, rowsOf } from './product.ts';

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

  it('refuses to start a training, and changes nothing', async () => {
    const { trees } = await product().activate();
    const before = await rowsOf(trees.runs);
    // The reason is a message with a button: nobody presses it here, so nothing is awaited.
    void vscode.commands.executeCommand('critiqueGrpo.startTraining');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    assert.deepEqual(await rowsOf(trees.runs), before);
  });
});
