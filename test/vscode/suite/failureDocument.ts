/** A failure as a document: text, actions above the answer. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { eventually, product } from './product.ts';

describe('a failure', () => {
  it('opens as a read-only document with its actions', async () => {
    await product().activate();
    await vscode.commands.executeCommand('critiqueGrpo.nextFailure');
    const document = await eventually('the document of a failure', () => vscode.window.activeTextEditor?.document);
    assert.equal(document.uri.scheme, 'cgrpo');
    assert.equal(vscode.workspace.fs.isWritableFileSystem(document.uri.scheme), false);
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri);
    const titles = lenses.map(({ command }) => command?.title ?? '');
    for (const title of [/critique/i, /Compare critics/, /Next failure/])
      assert.ok(
        titles.some((text) => title.test(text)),
        titles.join(', '),
      );
  });
});
