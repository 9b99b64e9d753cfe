import { describe, expect, it } from 'vitest';
import type { HostAction } from '../../../extension/contract.ts';
import { doAction, type ActionHost } from '../../../extension/panels/actions.ts';

const target = { runId: 'run-1', rolloutId: 'r1' };
const view = { kind: 'lab', ...target } as const;

function recorder(): { readonly host: ActionHost; readonly done: unknown[][] } {
  const done: unknown[][] = [];
  const note =
    (name: string) =>
    async (...args: unknown[]): Promise<void> => {
      done.push([name, ...args]);
      return Promise.resolve();
    };
  const host: ActionHost = {
    openFailure: note('openFailure'),
    openDiff: note('openDiff'),
    openPanel: (opened) => void done.push(['openPanel', opened]),
    trainOnText: note('trainOnText'),
    runCommand: note('runCommand'),
    openReport: note('openReport'),
    copyText: () => Promise.reject(new Error('no clipboard')),
    showError: (error) => void done.push(['showError', (error as Error).message]),
  };
  return { host, done };
}

describe('doAction', () => {
  it.each<[HostAction, unknown[]]>([
    [{ do: 'openFailure', ...target }, ['openFailure', target]],
    [{ do: 'openDiff', ...target, refinementId: 'f' }, ['openDiff', target, 'f']],
    [{ do: 'openPanel', view }, ['openPanel', view]],
    [{ do: 'trainOn', ...target, text: 'x' }, ['trainOnText', target, 'x']],
    [{ do: 'runCommand', command: 'pause', runId: 'run-1' }, ['runCommand', 'critiqueGrpo.pauseRun', 'run-1']],
    [{ do: 'runCommand', command: 'compareRuns', runId: 'run-1' }, ['runCommand', 'critiqueGrpo.compareRuns', 'run-1']],
    [{ do: 'openReport', experimentId: 'e' }, ['openReport', 'e']],
    [{ do: 'copyText', text: 'x' }, ['showError', 'no clipboard']],
  ])('does %j', async (action, expected) => {
    const { host, done } = recorder();
    await doAction(action, host);
    expect(done).toEqual([expected]);
  });
});
