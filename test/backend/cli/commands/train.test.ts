/** `train` as a user meets it: a child process with signals, pipes and exit codes. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../../../backend/store/openStore.ts';
import { fewProblems, temporaryFolder, tinyModel, tinySettings } from './harness.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let settings: string[];

beforeAll(async () => {
  folder = await temporaryFolder();
  const data = await fewProblems(join(folder.path, 'problems.jsonl'), 6, 'train.jsonl');
  settings = tinySettings(await tinyModel(join(folder.path, 'model')), data);
});
afterAll(() => folder.remove());

const program = fileURLToPath(new URL('../../../../dist/cli.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly text: string;
  readonly errors: string;
}

/** `onText` hears all that was written so far. */
function cli(args: readonly string[], onText: (text: string, interrupt: () => void, hangUp: () => void) => void = () => undefined): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], { cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe'] });
  let [text, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    onText(
      text,
      () => child.kill('SIGINT'),
      () => child.stdout.destroy(),
    );
  });
  child.stderr.on('data', (chunk: Buffer) => void (errors += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, text, errors })));
}

function trainArgs(workspace: string, steps: number, ...more: readonly string[]): string[] {
  const set = settings.flatMap((setting) => ['--set', setting]);
  return ['train', '--preset', 'demo', '--steps', String(steps), ...set, '--threads', '1', '--workspace', join(folder.path, workspace), ...more];
}

function runsIn(workspace: string): { id: string; state: string; lastStep: number | null }[] {
  const store = openStore(join(folder.path, workspace), { readOnly: true });
  try {
    return store.runs().map(({ id, state, lastStep }) => ({ id, state, lastStep }));
  } finally {
    store.close();
  }
}

const reportAt = async (path: string): Promise<Record<string, unknown>> => JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;

describe('train', () => {
  it('trains, tells it in plain lines and writes the result, making its folder', async () => {
    const json = join(folder.path, 'results/deep/result.json');
    const { code, text, errors } = await cli(trainArgs('whole', 2, '--seed', '7', '--json', json));
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(text).toContain('held-out pass@1 after step 2');
    expect(text).toContain('What to try next');
    expect(text).not.toContain('\u001b');
    const score = { passAt1: expect.any(Number) as number, byLevel: { easy: expect.any(Number) as number } };
    expect(await reportAt(json)).toMatchObject({
      ...{ reason: 'finished', algorithm: 'critique-grpo', seed: 7, before: score, after: score, updates: expect.any(Number) as number },
      ...{ persistentFailures: { before: expect.any(Number) as number, after: expect.any(Number) as number } },
      ...{ tokens: { sampled: expect.any(Number) as number, trained: expect.any(Number) as number } },
      ...{ seconds: expect.any(Number) as number, peakRssMb: expect.any(Number) as number },
    });
  });

  it('stops at Ctrl-C with a checkpoint, and resumes to the end it would have had', async () => {
    const [whole, resumed] = [join(folder.path, 'whole.json'), join(folder.path, 'resumed.json')];
    let interrupted = false;
    const stopped = await cli(trainArgs('stopped', 12), (text, interrupt) => {
      if (interrupted || !text.includes('checkpoint of step 3 ')) return;
      interrupted = true;
      interrupt();
    });
    expect({ code: stopped.code, errors: stopped.errors }).toEqual({ code: 130, errors: '' });
    expect(stopped.text).toMatch(/--resume critique-grpo-seed0\n/);
    const [run] = runsIn('stopped');
    expect(run).toMatchObject({ state: 'stopped' });
    expect(run?.lastStep).toBeLessThan(12);

    const other = await cli(trainArgs('stopped', 12, '--resume', '--seed', '4'));
    expect(other).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/critique-grpo-seed0 was started with other settings: seed \(0, not 4\)/) as string,
    });

    expect(await cli(trainArgs('stopped', 12, '--resume', '--provider', 'cpu', '--json', resumed))).toMatchObject({ code: 0, errors: '' });
    expect(runsIn('stopped')).toEqual([{ id: 'critique-grpo-seed0', state: 'finished', lastStep: 12 }]);
    await cli(trainArgs('uninterrupted', 12, '--json', whole));
    const fixed = ({ seconds: _seconds, peakRssMb: _peak, ...rest }: Record<string, unknown>): unknown => rest;
    expect(fixed(await reportAt(resumed))).toEqual(fixed(await reportAt(whole)));
  });

  it('ends at once and quietly when nobody reads its output any more', async () => {
    const { code, errors } = await cli(trainArgs('piped', 200), (_text, _interrupt, hangUp) => hangUp());
    expect({ code, errors }).toEqual({ code: 141, errors: '' });
  });

  it.each([
    ['an unknown algorithm', ['--algorithm', 'nope'], 1, /no algorithm named "nope".*critique-grpo, .*sft/s],
    ['an unknown critic', ['--critic', 'nope'], 1, /no critic named "nope".*step-level/s],
    ['a model that is not there', ['--set', 'model.path=nowhere'], 1, /nowhere/],
    ['a resume of nothing', ['--resume'], 1, /no unfinished run/],
    ['a result where a folder is', ['--json', 'taken'], 1, /taken cannot be written/],
    ['an unknown setting', ['--set', 'training.stepz=1'], 2, /training\.stepz/],
    ['an unknown option', ['--fast'], 2, /unknown option '--fast'/],
  ])('refuses %s, and records no run', async (_what, args, code, message) => {
    await mkdir(join(folder.path, 'taken'), { recursive: true });
    const ended = await cli(trainArgs('refused', 2, ...args));
    expect(ended.code).toBe(code);
    expect(ended.errors).toMatch(message);
    expect(ended.errors).not.toMatch(/\n {4}at |should not happen/);
    if (existsSync(join(folder.path, 'refused'))) expect(runsIn('refused')).toEqual([]);
  });
});
