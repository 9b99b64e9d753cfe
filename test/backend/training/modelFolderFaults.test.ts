/** Every file of a published folder missing, empty, cut off or of another family, one at a time: told before anything runs, or without effect. */
import { readdirSync } from 'node:fs';
import { copyFile, cp, mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '../../../backend/core/errors.ts';
import { loadParameters, readModelConfig } from '../../../backend/models/folder.ts';
import { parameterSpecs } from '../../../backend/models/parameters.ts';
import type { Message } from '../../../backend/protocol/records.ts';
import { runConfigSchema } from '../../../backend/protocol/runConfig.ts';
import { splitMarks, splitMarksWarnings } from '../../../backend/text/templateMarks.ts';
import { loadTokenizer } from '../../../backend/text/tokenizer.ts';
import { requireFittingTokenizer } from '../../../backend/training/policy.ts';
import { resolveModel } from '../../../backend/training/sources.ts';
import { readJsonFile } from '../models/folders.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const root = fileURLToPath(new URL('../../golden/published', import.meta.url));

/** A folder of each family, and the family whose files take the place of its own. */
const others = { 'qwen2.5-7b': 'llama-3.1-8b', 'qwen3-8b': 'llama-3.2-1b', 'llama-3.1-8b': 'qwen2.5-0.5b' } as const;
type Name = keyof typeof others;
const names = Object.keys(others) as Name[];

const question: Message[] = [{ role: 'user', content: 'What is 12 × 7?' }];

/** What opening a policy reads, without the engine: everything it comes to, to compare. */
async function open(path: string) {
  const config = runConfigSchema.parse({ model: { path }, data: { train: 'train.jsonl' } });
  const { folder, tokenizerFolder } = await resolveModel(config, { demoFolder: root });
  const model = await readModelConfig(folder);
  const tokenizer = await loadTokenizer(tokenizerFolder);
  requireFittingTokenizer(tokenizer, tokenizerFolder, model);
  const parameters = await loadParameters(model, parameterSpecs(model.config));
  return { parameters, prompt: tokenizer.encodeConversation(question, 'answer'), stopTokens: tokenizer.stopTokens, marks: splitMarks(tokenizer) };
}
type Opened = Awaited<ReturnType<typeof open>>;

const kindOf = (file: string): string => (file.startsWith('model-0') ? 'shard' : file);

type Fault = (folder: string, file: string, name: Name) => Promise<void>;
const faults = {
  missing: (folder, file) => rm(join(folder, file)),
  empty: (folder, file) => truncate(join(folder, file), 0),
  'cut in half': async (folder, file) => truncate(join(folder, file), Math.floor((await readFile(join(folder, file))).length / 2)),
  "another family's": async (folder, file, name) => {
    const other = join(root, others[name]);
    // Shards are counted differently in each folder, and templates lie in different places.
    const from = readdirSync(other).includes(file) ? file : readdirSync(other).find((each) => kindOf(each) === kindOf(file));
    if (from !== undefined) await copyFile(join(other, from), join(folder, file));
    else await writeFile(join(folder, file), String((await readJsonFile(join(other, 'tokenizer_config.json')))['chat_template']));
  },
} satisfies Record<string, Fault>;

type Codes = Readonly<Record<keyof typeof faults, readonly string[]>>;
const cutOff = (code: string): Pick<Codes, 'empty' | 'cut in half'> => ({ empty: [code], 'cut in half': [code] });

/** What each fault is told as. `nothing`: the other files say enough, and it opens as before. */
const told: Readonly<Record<string, Codes>> = {
  'config.json': {
    missing: ['model.notFound'],
    ...cutOff('model.config'),
    "another family's": ['tokenizer.otherModel', 'model.tensorMissing', 'model.tensorUnexpected'],
  },
  // Its ends may happen to be special tokens here as well, which cannot be told from a publisher's wish.
  'generation_config.json': { missing: ['nothing'], ...cutOff('tokenizer.invalid'), "another family's": ['tokenizer.otherModel', 'nothing'] },
  'chat_template.jinja': {
    missing: ['tokenizer.noChatTemplate'],
    empty: ['chatTemplate.lostMessage'],
    'cut in half': ['chatTemplate.invalid'],
    "another family's": ['a warning'],
  },
  'model.safetensors.index.json': {
    missing: ['model.noWeights'],
    ...cutOff('model.index'),
    "another family's": ['model.index', 'safetensors.notFound'],
  },
  shard: { missing: ['safetensors.notFound'], ...cutOff('safetensors.damaged'), "another family's": ['model.index'] },
  'tokenizer.json': { missing: ['tokenizer.notFound'], ...cutOff('tokenizer.invalid'), "another family's": ['tokenizer.otherModel'] },
  'tokenizer_config.json': { missing: ['tokenizer.notFound'], ...cutOff('tokenizer.invalid'), "another family's": ['tokenizer.otherModel'] },
};

describe.each(names)('%s', (name) => {
  const source = join(root, name);
  const files = readdirSync(source).filter((file) => file !== 'golden.json');
  const cases = files.flatMap((file) => (Object.keys(faults) as (keyof typeof faults)[]).map((fault) => ({ file, fault })));

  it.each(cases)('$file $fault', async ({ file, fault }) => {
    const folder = join(temporaryFolder(), name);
    await cp(source, folder, { recursive: true });
    await faults[fault](folder, file, name);
    const outcome = await open(folder).catch((error: unknown) => error);
    const codes = told[kindOf(file)]?.[fault] ?? [];
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(WorkbenchError);
      const { code, message, remedy } = outcome as WorkbenchError;
      expect(codes).toContain(code);
      expect(message).toContain(folder);
      expect(remedy).not.toBe('');
      return;
    }
    const opened = outcome as Opened;
    expect(codes).toContain(splitMarksWarnings(opened.marks).length === 0 ? 'nothing' : 'a warning');
    if (file !== 'chat_template.jinja') expect({ ...opened, stopTokens: null }).toEqual({ ...(await open(source)), stopTokens: null });
    expect(opened.stopTokens.length).toBeGreaterThan(0);
  });

  it('opens alike as a folder of links, as a repository of the cache, and with its shards written in another order', async () => {
    const whole = await open(source);
    const repository = join(temporaryFolder(), 'models--owner--name');
    const commit = 'c'.repeat(40);
    const snapshot = join(repository, 'snapshots', commit);
    await mkdir(snapshot, { recursive: true });
    await mkdir(join(repository, 'refs'));
    await writeFile(join(repository, 'refs/main'), commit);
    await mkdir(join(repository, 'blobs'));
    for (const file of [...files].reverse()) {
      await copyFile(join(source, file), join(repository, 'blobs', `blob-of-${file}`));
      await symlink(join('../../blobs', `blob-of-${file}`), join(snapshot, file));
    }
    expect(await open(snapshot)).toEqual(whole);
    expect(await open(repository)).toEqual(whole);
    await rm(join(repository, 'refs/main'));
    await expect(open(repository)).rejects.toMatchObject({
      code: 'model.notFound',
      message: expect.stringMatching(/refs\/main is missing/) as string,
    });
  });
});
