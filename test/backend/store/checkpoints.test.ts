/** Checkpoints are there whole or not at all, and only their own run takes them. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFileAtomically } from '../../../backend/store/atomicFile.ts';
import { checkpointsFolder, latestCheckpoint, pruneCheckpoints, writeCheckpoint, type Checkpoint } from '../../../backend/store/checkpoints.ts';
import { temporaryFolder } from './stepRecords.ts';

const owner = { runId: 'run', modelId: 'tiny' };

/** Weights and, in a folder below, a tokenizer. */
async function writeState(folder: string, content: string): Promise<void> {
  await writeFile(join(folder, 'model.safetensors'), content.repeat(10_000));
  await mkdir(join(folder, 'tokenizer'));
  await writeFile(join(folder, 'tokenizer', 'tokenizer.json'), '{}');
}

function write(runFolder: string, step: number, content = `weights of step ${step}`): Promise<Checkpoint> {
  return writeCheckpoint({ runFolder, owner, step, write: (folder) => writeState(folder, content) });
}

function names(runFolder: string): string[] {
  return readdirSync(checkpointsFolder(runFolder)).sort();
}

function withCode(code: string): Error {
  return expect.objectContaining({ code }) as Error;
}

describe('a checkpoint', () => {
  it('lies under a name of its step, with a manifest of all its files', async () => {
    const runFolder = temporaryFolder();
    const { folder } = await write(runFolder, 40);
    expect(folder).toBe(join(runFolder, 'checkpoints', 'step-000040'));
    expect(names(runFolder)).toEqual(['step-000040']);
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    expect(manifest).toEqual({
      format: 1,
      ...owner,
      step: 40,
      files: [
        { path: 'model.safetensors', bytes: 180_000, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
        { path: 'tokenizer/tokenizer.json', bytes: 2, sha256: '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a' },
      ],
    });
    expect(await latestCheckpoint(runFolder, owner)).toEqual({ checkpoint: { step: 40, folder }, passedOver: [] });
  });

  it('is the newest one there is, in order of numbers', async () => {
    const runFolder = temporaryFolder();
    expect(await latestCheckpoint(runFolder, owner)).toEqual({ checkpoint: null, passedOver: [] });
    for (const step of [999_999, 20, 1_000_000]) await write(runFolder, step);
    expect((await latestCheckpoint(runFolder, owner)).checkpoint?.step).toBe(1_000_000);
  });

  it('leaves no trace when writing it fails', async () => {
    const runFolder = temporaryFolder();
    await write(runFolder, 1);
    const failing = writeCheckpoint({
      runFolder,
      owner,
      step: 2,
      write: async (folder) => {
        await writeState(folder, 'half');
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      },
    });
    await expect(failing).rejects.toThrow(withCode('store.diskFull'));
    expect(names(runFolder)).toEqual(['step-000001']);
    await write(runFolder, 2);
    expect((await latestCheckpoint(runFolder, owner)).checkpoint?.step).toBe(2);
  });

  it('of a step that is there stays as it is, but is written anew when it is broken', async () => {
    const runFolder = temporaryFolder();
    const { folder } = await write(runFolder, 3, 'first');
    let calls = 0;
    const again = (): Promise<Checkpoint> => writeCheckpoint({ runFolder, owner, step: 3, write: (at) => (calls++, writeState(at, 'second')) });
    await again();
    expect(calls).toBe(0);
    truncateSync(join(folder, 'model.safetensors'), 10);
    await again();
    expect(calls).toBe(1);
    expect(await readFile(join(folder, 'model.safetensors'), 'utf8')).toMatch(/^second/);
    expect(names(runFolder)).toEqual(['step-000003']);
  });

  const damages: readonly { what: string; damage: (folder: string) => void; reason: RegExp }[] = [
    { what: 'has no manifest', damage: (folder) => rmSync(join(folder, 'manifest.json')), reason: /no readable manifest/ },
    { what: 'has half a manifest', damage: (folder) => truncateSync(join(folder, 'manifest.json'), 40), reason: /no readable manifest/ },
    { what: 'has another manifest', damage: (folder) => writeFileSync(join(folder, 'manifest.json'), '{"format":2}'), reason: /not one of format 1/ },
    {
      what: 'lacks a file',
      damage: (folder) => rmSync(join(folder, 'tokenizer', 'tokenizer.json')),
      reason: /tokenizer\/tokenizer.json cannot be read/,
    },
    { what: 'has a short file', damage: (folder) => truncateSync(join(folder, 'model.safetensors'), 7), reason: /has 7 bytes instead of 180000/ },
    {
      what: 'has a changed byte',
      damage: (folder) => {
        const path = join(folder, 'model.safetensors');
        const bytes = readFileSync(path);
        bytes[5000] = 0;
        writeFileSync(path, bytes);
      },
      reason: /model.safetensors has other content/,
    },
  ];
  for (const { what, damage, reason } of damages) {
    it(`that ${what} is passed over for the one before, and it is said why`, async () => {
      const runFolder = temporaryFolder();
      await write(runFolder, 10);
      const broken = await write(runFolder, 20);
      damage(broken.folder);
      const latest = await latestCheckpoint(runFolder, owner);
      expect(latest.checkpoint?.step).toBe(10);
      expect(latest.passedOver).toEqual([{ folder: broken.folder, reason: expect.stringMatching(reason) as string }]);
    });
  }

  for (const foreign of [
    { ...owner, runId: 'other' },
    { ...owner, modelId: 'other' },
  ]) {
    it(`is refused to ${JSON.stringify(foreign)}`, async () => {
      const runFolder = temporaryFolder();
      await write(runFolder, 1);
      await expect(latestCheckpoint(runFolder, foreign)).rejects.toThrow(withCode('checkpoint.foreign'));
      const overwriting = writeCheckpoint({ runFolder, owner: foreign, step: 1, write: (folder) => writeState(folder, 'theirs') });
      await expect(overwriting).rejects.toThrow(withCode('checkpoint.foreign'));
      expect((await latestCheckpoint(runFolder, owner)).checkpoint?.step).toBe(1);
    });
  }
});

describe('pruning', () => {
  it('keeps the newest ones and clears what crashes left', async () => {
    const runFolder = temporaryFolder();
    for (const step of [1, 2, 3, 4]) await write(runFolder, step);
    mkdirSync(join(checkpointsFolder(runFolder), '.tmp-step-000005'));
    expect(await pruneCheckpoints(runFolder, 2)).toEqual([2, 1]);
    expect(names(runFolder)).toEqual(['step-000003', 'step-000004']);
    expect(await pruneCheckpoints(runFolder, 0)).toEqual([3]);
    expect(await pruneCheckpoints(temporaryFolder(), 1)).toEqual([]);
  });

  it('does not count a broken one as kept', async () => {
    const runFolder = temporaryFolder();
    for (const step of [1, 2, 3]) await write(runFolder, step);
    rmSync(join(checkpointsFolder(runFolder), 'step-000003', 'manifest.json'));
    expect(await pruneCheckpoints(runFolder, 1)).toEqual([1]);
    expect((await latestCheckpoint(runFolder, owner)).checkpoint?.step).toBe(2);
  });

  it('survives a checkpoint moved in by hand', async () => {
    const runFolder = temporaryFolder();
    const { folder } = await write(runFolder, 1);
    renameSync(folder, join(checkpointsFolder(runFolder), 'best'));
    expect(await pruneCheckpoints(runFolder, 1)).toEqual([]);
    expect(names(runFolder)).toEqual(['best']);
  });
});

describe('an atomic file', () => {
  it('replaces the old one, and leaves nothing else', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'run.json');
    await writeFileAtomically(path, 'first');
    await writeFileAtomically(path, new TextEncoder().encode('second'));
    expect(readFileSync(path, 'utf8')).toBe('second');
    expect(readdirSync(folder)).toEqual(['run.json']);
  });

  it('that cannot be written leaves the old one', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'taken'));
    await expect(writeFileAtomically(join(folder, 'taken'), 'x')).rejects.toThrow();
    await expect(writeFileAtomically(join(folder, 'missing', 'x'), 'x')).rejects.toThrow(withCode('store.cannotOpen'));
    expect(readdirSync(folder)).toEqual(['taken']);
  });
});
