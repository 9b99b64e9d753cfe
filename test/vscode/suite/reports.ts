/** What is looked at before a run: problems, the critic's request; and what is written into run files. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { eventually, product } from './product.ts';

const text = `{
  // A comment that stays.
  "model": { "path": "demo:model" },
  "data": { "train": "demo:train.jsonl", "heldOut": "demo:heldOut.jsonl" },
  "critic": "verdict"
}
`;

async function runFile(): Promise<vscode.Uri> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  assert.ok(folder !== undefined);
  const uri = vscode.Uri.joinPath(folder, 'looked-at.cgrpo.json');
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  return uri;
}

function reportStarting(title: string): Promise<string> {
  return eventually(`the report ${title}`, () => {
    const documents = vscode.workspace.textDocuments.filter(({ uri }) => uri.scheme === 'cgrpo-report');
    return Promise.resolve(documents.map((document) => document.getText()).find((content) => content.startsWith(`# ${title}`)));
  });
}

describe('reports', () => {
  it('show how the problems of a run file are read', async () => {
    await product().activate();
    await vscode.commands.executeCommand('critiqueGrpo.previewData', await runFile());
    const report = await reportStarting('Problems of looked-at.cgrpo.json');
    assert.match(report, /256/);
    assert.match(report, /\| hard \| 96 \|/);
    assert.match(report, /## Problem 1/);
  });

  it('show what a critic says before anyone is asked', async () => {
    await product().activate();
    await vscode.commands.executeCommand('critiqueGrpo.previewCritic', await runFile());
    const report = await reportStarting('The critic verdict');
    assert.match(report, /follows a rule/);
  });

  it('leave comments of a run file alone when a prompt is named in it', async () => {
    await product().activate();
    const uri = await runFile();
    const folder = vscode.Uri.joinPath(uri, '..');
    // It ends with a message that nobody answers here.
    void vscode.commands.executeCommand('critiqueGrpo.editCriticPrompt', uri);
    await eventually('the copied prompt', async () => {
      // Enter takes the first prompt of the list, once it is open.
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      const names = (await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name);
      return names.some((name) => name.endsWith('.jinja')) ? true : undefined;
    });
    const changed = await eventually('the run file with the prompt', async () => {
      const document = await vscode.workspace.openTextDocument(uri);
      return document.getText().includes('promptFile') ? document.getText() : undefined;
    });
    assert.match(changed, /A comment that stays/);
  });
});
