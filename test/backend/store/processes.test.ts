/** More than one process on a workspace, and processes that die. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { openStore } from '../../../backend/store/openStore.ts';
import { stepBatch, temporaryFolder } from './stepRecords.ts';

const runId = 'killed';
const messageSchema = z.object({ seq: z.number(), step: z.number().nullable() });

interface Committing {
  readonly child: ChildProcess;
  /** What the child said last. */
  readonly heard: () => { seq: number; step: number };
  /** Resolves once the child has recorded this step. */
  readonly reached: (step: number) => Promise<void>;
}

function startCommitting(workspace: string): Committing {
  const child = fork(join(import.meta.dirname, 'committingChild.ts'), [workspace, runId], { execArgv: ['--import', 'tsx'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let last = { seq: 0, step: -1 };
  child.on('message', (message) => {
    const { seq, step } = messageSchema.parse(message);
    last = { seq, step: step ?? -1 };
  });
  const reached = async (step: number): Promise<void> => {
    while (last.step < step) await once(child, 'message');
  };
  return { child, heard: () => last, reached };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('a writer killed at any moment', () => {
  it('loses nothing that it announced, and its successor replays to the same trace', async () => {
    const workspace = temporaryFolder();
    let announced = 0;
    for (const steps of [3, 17, 30]) {
      const { child, heard, reached } = startCommitting(workspace);
      await reached(steps);
      await kill(child);
      announced = Math.max(announced, heard().seq);
      const store = openStore(workspace);
      try {
        const { step } = heard();
        const events = store.eventsAfter(0, 100_000);
        expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
        expect(events.length).toBeGreaterThanOrEqual(announced);
        expect(store.run(runId)).toMatchObject({ state: 'stopped' });
        const lastStep = store.run(runId)?.lastStep ?? -1;
        expect(lastStep).toBeGreaterThanOrEqual(step);
        // Steps are there whole or not at all, and each event once.
        expect(store.countRollouts(runId)).toBe((lastStep + 1) * stepBatch(runId, 0).rollouts.length);
        const finished = events.flatMap(({ body }) => (body.type === 'stepFinished' ? [body.update.step] : []));
        expect(finished).toEqual(Array.from({ length: lastStep + 1 }, (_, at) => at));
        expect(store.group(runId, stepBatch(runId, lastStep).groups[0]?.id ?? '')?.attempts.map(({ rollout }) => rollout)).toEqual(
          stepBatch(runId, lastStep).rollouts.slice(0, 4),
        );
      } finally {
        store.close();
      }
    }
  });
});

describe('a workspace', () => {
  it('has one writer, whose pid the second one is told, and any number of readers', async () => {
    const workspace = temporaryFolder();
    const { child, reached } = startCommitting(workspace);
    await reached(1);
    const refused = { code: 'store.locked', message: expect.stringContaining(`pid ${String(child.pid)}`) as string };
    expect(() => openStore(workspace)).toThrow(expect.objectContaining(refused) as Error);
    const readers = [openStore(workspace, { readOnly: true }), openStore(workspace, { readOnly: true })];
    expect(() => openStore(workspace)).toThrow(expect.objectContaining(refused) as Error);
    try {
      for (const reader of readers) {
        expect(reader.run(runId)?.state).toBe('running');
        const before = reader.countRollouts(runId);
        await reached((reader.run(runId)?.lastStep ?? 0) + 2);
        expect(reader.countRollouts(runId)).toBeGreaterThan(before);
        expect(() => reader.record({ runId })).toThrow(expect.objectContaining({ code: 'store.readOnly' }) as Error);
      }
      await kill(child);
      expect(readers.map((reader) => reader.run(runId)?.state)).toEqual(['stopped', 'stopped']);
      openStore(workspace).close();
    } finally {
      readers.forEach((reader) => reader.close());
    }
  });

  it('is given back when the store is closed, within one process too', () => {
    const workspace = temporaryFolder();
    const first = openStore(workspace);
    const refused = expect.objectContaining({ code: 'store.locked', message: expect.stringContaining(`pid ${process.pid}`) as string }) as Error;
    expect(() => openStore(workspace)).toThrow(refused);
    expect(() => openStore(workspace)).toThrow(refused);
    first.close();
    openStore(workspace).close();
  });
});
