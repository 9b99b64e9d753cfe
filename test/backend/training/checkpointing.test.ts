/** Checkpoints as a run writes and finds them; the store's own tests hold what makes one whole. */
import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { restoreCheckpoint, saveCheckpoint } from '../../../backend/training/checkpointing.ts';
import { problems, scriptedRun, told, type ScriptedRun, type ScriptedRunOptions } from '../../support/scriptedRun.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

function makeRun(options: Partial<ScriptedRunOptions> = {}): Promise<ScriptedRun> {
  return scriptedRun({ problems: problems(1), script: () => 'Answer: 1.', config: { checkpoint: { keep: 2 } }, ...options });
}

function checkpointsOf({ run }: ScriptedRun): string[] {
  return readdirSync(join(run.folder, 'checkpoints')).sort();
}

function checkpointFolder({ run }: ScriptedRun, step: number): string {
  return join(run.folder, 'checkpoints', `step-${String(step).padStart(6, '0')}`);
}

describe('saveCheckpoint', () => {
  it('writes the engine’s state with the tokenizer beside it, keeps the newest, and tells after each', async () => {
    const made = await makeRun();
    for (const step of [2, 4, 6]) await saveCheckpoint(made.run, step);
    expect(checkpointsOf(made)).toEqual(['step-000004', 'step-000006']);
    expect(readdirSync(checkpointFolder(made, 6)).sort()).toEqual([
      'generation_config.json',
      'manifest.json',
      'scripted.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect(told(made.events)).toEqual(['checkpointSaved 2', 'checkpointSaved 4', 'checkpointSaved 6']);
    expect(made.store.checkpoints('run').at(-1)?.path).toBe(checkpointFolder(made, 6));
    expect(made.phases).toEqual(['2 checkpoint', '4 checkpoint', '6 checkpoint']);
  });

  it('leaves the one before in force when the engine fails to write', async () => {
    const made = await makeRun({
      fault: (method, earlier) => {
        if (method === 'saveState' && earlier === 1) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      },
    });
    await saveCheckpoint(made.run, 2);
    await expect(saveCheckpoint(made.run, 4)).rejects.toMatchObject({
      code: 'store.diskFull',
      message: expect.stringContaining('step-000004') as string,
    });
    expect(checkpointsOf(made)).toEqual(['step-000002']);
    expect(await restoreCheckpoint(made.run)).toEqual({ step: 2 });
  });
});

describe('restoreCheckpoint', () => {
  it('finds nothing in a new run', async () => {
    const made = await makeRun();
    expect(await restoreCheckpoint(made.run)).toBeUndefined();
    expect(made.engine.calls).toEqual([]);
    expect(made.events).toEqual([]);
  });

  it('passes over what is no whole checkpoint, and says so once', async () => {
    const made = await makeRun();
    for (const step of [2, 4]) await saveCheckpoint(made.run, step);
    truncateSync(join(checkpointFolder(made, 4), 'tokenizer.json'), 10);
    for (let i = 0; i < 2; i++) expect(await restoreCheckpoint(made.run)).toEqual({ step: 2 });
    expect(made.engine.callsOf('loadState').at(-1)?.folder).toBe(checkpointFolder(made, 2));
    const notices = made.events.filter(({ body }) => body.type === 'noticeRaised');
    expect(notices.map(({ body }) => body)).toMatchObject([
      { code: 'checkpoint.passedOver', step: 2, message: expect.stringContaining('tokenizer.json') as string },
    ]);
  });

  it('records a checkpoint that was named and then not told of', async () => {
    const made = await makeRun();
    await saveCheckpoint(made.run, 2);
    const other = await makeRun();
    rmSync(join(other.run.folder, 'checkpoints'), { recursive: true, force: true });
    const moved = { ...other.run, folder: made.run.folder };
    expect(await restoreCheckpoint(moved)).toEqual({ step: 2 });
    expect(told(other.events)).toEqual(['checkpointSaved 2']);
    await restoreCheckpoint(moved);
    expect(other.events).toHaveLength(1);
  });

  it.each(['another run', 'another model', 'another adapter'] as const)('refuses the checkpoint of %s', async (what) => {
    const made = await makeRun();
    await saveCheckpoint(made.run, 2);
    const { run } = made;
    const modelFolder = temporaryFolder();
    writeFileSync(join(modelFolder, 'config.json'), '{}');
    const lora = { rank: 2, alpha: 4, targets: ['q_proj' as const] };
    const others = {
      'another run': { ...run, id: 'other' },
      'another model': { ...run, modelFolder },
      'another adapter': { ...run, config: { ...run.config, model: { ...run.config.model, lora } } },
    };
    await expect(restoreCheckpoint(others[what])).rejects.toMatchObject({
      code: 'checkpoint.foreign',
      message: expect.stringContaining(checkpointFolder(made, 2)) as string,
    });
    expect(made.engine.callsOf('loadState')).toEqual([]);
  });
});
