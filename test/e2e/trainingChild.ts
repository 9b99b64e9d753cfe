/**
 * A training process to kill; its argument is workspace and configuration as JSON. Writes a line for every event and phase to standard
 * output, at once, so that what a reader has is what was announced before the kill.
 */
import { writeSync } from 'node:fs';
import type { Event } from '../../backend/protocol/events.ts';
import { trainTiny, type TinyRunOptions } from './tinyRun.ts';

/** One line of the child's output. */
export type Said = { readonly events: readonly Event[] } | { readonly phase: string } | { readonly reason: string };

export type TrainingChildOptions = Pick<TinyRunOptions, 'workspace' | 'config' | 'humanCritique'>;

function say(said: Said): void {
  writeSync(1, `${JSON.stringify(said)}\n`);
}

const options = JSON.parse(process.argv[2] ?? '') as TrainingChildOptions;
const { reason } = await trainTiny({
  ...options,
  onEvents: (events) => say({ events }),
  observer: { onPhase: (step, phase) => say({ phase: `${step} ${phase}` }) },
});
say({ reason });
