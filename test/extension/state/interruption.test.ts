import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../../../backend/protocol/views.ts';
import { InterruptionWatch } from '../../../extension/state/interruption.ts';
import { emptyWorkbench, reduce, type WorkbenchChange } from '../../../extension/state/workbench.ts';
import { runOf } from './fixtures.ts';

const up: WorkbenchChange = { type: 'connection', connection: { state: 'connected', detail: '' } };
const down: WorkbenchChange = { type: 'connection', connection: { state: 'connecting', detail: 'It ended unexpectedly.' } };
const lists = (run: Partial<RunSummary>): WorkbenchChange => ({ type: 'runs', runs: [runOf('r', run)] });
const training = lists({ state: 'running', activity: 'training' });
const stopped = lists({ state: 'stopped' });

/** Ids of the runs said to be cut off, one for each change after which it was said. */
function cutOffAfter(changes: readonly WorkbenchChange[]): readonly string[] {
  const watch = new InterruptionWatch();
  const said: string[] = [];
  let state = emptyWorkbench;
  for (const change of changes) {
    const before = state;
    state = reduce(before, change);
    const run = watch.see(state, before);
    if (run !== null) said.push(run.id);
  }
  return said;
}

describe('a training is said to be cut off', () => {
  it.each<[string, readonly WorkbenchChange[], readonly string[]]>([
    ['when its backend died, once there is another', [up, training, down, up, stopped], ['r']],
    ['once only', [up, training, down, up, stopped, stopped], ['r']],
    ['at every death', [up, training, down, up, stopped, training, down, up, stopped], ['r', 'r']],
    ['not before the new backend has said how it stands', [up, training, down, up], []],
    ['not when it goes on', [up, training, down, up, training], []],
    ['not when it had ended', [up, training, down, up, lists({ state: 'finished' })], []],
    ['not when a person stopped it', [up, training, stopped], []],
    ['not when nothing was in work', [up, stopped, down, up, stopped], []],
  ])('%s', (_name, changes, expected) => {
    expect(cutOffAfter(changes)).toEqual(expected);
  });
});
