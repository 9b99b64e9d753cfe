/** Model folders: golden ones load, what is saved is the same model, and every fault is named. */
import { cp, lstat, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StoredDType } from '../../../backend/models/floats.ts';
import { copySideFiles, loadParameters, namedTensors, readModelConfig, saveModelFolder } from '../../../backend/models/folder.ts';
import { parameterSpecs } from '../../../backend/models/parameters.ts';
import { writeSafetensors, type NamedTensor } from '../../../backend/models/safetensors.ts';
import { openWeights } from '../../../backend/models/weightFiles.ts';
import { changeJson, goldenFolder, goldenNames, readJsonFile, readTensors, withCopy, withFolder, type Json } from './folders.ts';

const index = 'model.safetensors.index.json';

async function load(path: string) {
  const folder = await readModelConfig(path);
  const specs = parameterSpecs(folder.config);
  return { folder, specs, parameters: await loadParameters(folder, specs) };
}

/** Every tensor of a folder's weight files, sorted by name. */
async function allTensors(path: string): Promise<NamedTensor[]> {
  const files = (await readdir(path)).filter((name) => /^model.*\.safetensors$/.test(name));
  return sorted((await Promise.all(files.map((name) => readTensors(join(path, name))))).flat());
}

function sorted(tensors: readonly NamedTensor[]): NamedTensor[] {
  return [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Rewrites a copy's single weight file. */
async function changeTensors(folder: string, change: (tensors: NamedTensor[]) => NamedTensor[]): Promise<void> {
  const path = join(folder, 'model.safetensors');
  await writeSafetensors(path, change(await readTensors(path)), 'F32');
}

async function filesOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).filter((name) => name !== 'golden.json' && name !== 'gradients.safetensors');
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, (await readFile(join(folder, name))).toString('base64')] as const)));
}

describe.each(goldenNames)('%s', (name) => {
  it('loads into stored parameters that are its tensors', async () => {
    const { specs, parameters } = await load(goldenFolder(name));
    expect(sorted(namedTensors(specs, parameters))).toEqual(await allTensors(goldenFolder(name)));
  });

  it('is the same after saving, byte by byte after saving again', () =>
    withFolder((first) =>
      withFolder(async (second) => {
        const { folder, parameters } = await load(goldenFolder(name));
        await saveModelFolder(first, folder, parameters);
        const again = await load(first);
        expect(again.parameters).toEqual(parameters);
        expect(again.folder.config).toEqual(folder.config);
        expect(again.folder.json).toEqual({ ...folder.json, dtype: 'float32' });
        await saveModelFolder(second, again.folder, again.parameters);
        expect(await filesOf(second)).toEqual(await filesOf(first));
      }),
    ));
});

describe('stored parameters', () => {
  it('stack q, k and v in rows', async () => {
    const { folder, parameters } = await load(goldenFolder('qwen2-untied'));
    const tensors = new Map((await allTensors(goldenFolder('qwen2-untied'))).map(({ name, values }) => [name, [...values]]));
    const stacked = (...names: string[]): number[] => names.flatMap((name) => tensors.get(`model.layers.1.${name}`) ?? []);
    expect([...(parameters.get('layers.1.qkv.weight') ?? [])]).toEqual(
      stacked('self_attn.q_proj.weight', 'self_attn.k_proj.weight', 'self_attn.v_proj.weight'),
    );
    expect([...(parameters.get('layers.1.qkv.bias') ?? [])]).toEqual(
      stacked('self_attn.q_proj.bias', 'self_attn.k_proj.bias', 'self_attn.v_proj.bias'),
    );
    expect([...(parameters.get('layers.1.gate.weight') ?? [])]).toEqual(stacked('mlp.gate_proj.weight'));
    expect([...(parameters.get('head') ?? [])]).toEqual(tensors.get('lm_head.weight'));
    expect(parameters.size).toBe(3 + folder.config.nLayers * 8);
  });
});

describe('saving', () => {
  it.each<{ dtype: StoredDType; key: string; source: string }>([
    { dtype: 'BF16', key: 'bfloat16', source: 'qwen2-bf16' },
    { dtype: 'F16', key: 'float16', source: 'llama-f16' },
  ])('as $dtype keeps a model of $dtype exactly', ({ dtype, key, source }) =>
    withFolder(async (saved) => {
      const { folder, parameters } = await load(goldenFolder(source));
      await saveModelFolder(saved, folder, parameters, { dtype });
      expect((await load(saved)).parameters).toEqual(parameters);
      expect((await readJsonFile(join(saved, 'config.json')))['dtype']).toBe(key);
    }),
  );

  it('says the dtype in the word that the configuration uses', () =>
    withCopy('qwen2-tied', async (copy) => {
      await rename(join(copy, 'config.legacy.json'), join(copy, 'config.json'));
      const { folder, parameters } = await load(copy);
      await saveModelFolder(copy, folder, parameters, { dtype: 'BF16' });
      expect(await readJsonFile(join(copy, 'config.json'))).toMatchObject({ torch_dtype: 'bfloat16' });
      expect(await readJsonFile(join(copy, 'config.json'))).not.toHaveProperty('dtype');
    }));

  it('in shards keeps within the limit where a tensor allows it, with an index of all', () =>
    withFolder(async (saved) => {
      const { folder, parameters } = await load(goldenFolder('qwen2-untied'));
      const maxShardBytes = 16_000;
      await saveModelFolder(saved, folder, parameters, { maxShardBytes });
      const shards = (await readdir(saved)).filter((name) => name.endsWith('.safetensors')).sort();
      expect(shards.length).toBeGreaterThan(3);
      expect(shards[0]).toBe(`model-00001-of-0000${shards.length}.safetensors`);
      const map: Record<string, string> = {};
      for (const shard of shards) {
        const tensors = await readTensors(join(saved, shard));
        const bytes = tensors.reduce((total, { values }) => total + values.byteLength, 0);
        expect(bytes <= maxShardBytes || tensors.length === 1).toBe(true);
        for (const { name } of tensors) map[name] = shard;
      }
      const total = (await allTensors(goldenFolder('qwen2-untied'))).reduce((sum, { values }) => sum + values.byteLength, 0);
      expect(await readJsonFile(join(saved, index))).toEqual({ metadata: { total_size: total }, weight_map: map });
      expect((await load(saved)).parameters).toEqual(parameters);
    }));

  it('takes the place of a model that was saved otherwise', () =>
    withFolder(async (saved) => {
      const { folder, parameters } = await load(goldenFolder('qwen3'));
      const changed = new Map([...parameters].map(([name, values]) => [name, values.map((value) => value + 1)]));
      const shapes = [{}, { maxShardBytes: 10_000 }, { maxShardBytes: 5000 }, {}, { maxShardBytes: 5000 }];
      for (const [i, options] of shapes.entries()) {
        const written = i % 2 === 0 ? parameters : changed;
        await saveModelFolder(saved, folder, written, options);
        expect((await load(saved)).parameters).toEqual(written);
      }
      expect(await readdir(saved)).not.toContain('model.safetensors');
    }));

  it('leaves out a tied head', () =>
    withFolder(async (saved) => {
      const { folder, parameters } = await load(goldenFolder('qwen2-tied'));
      await saveModelFolder(saved, folder, parameters);
      expect((await allTensors(saved)).map(({ name }) => name)).not.toContain('lm_head.weight');
    }));

  it('into a folder that is not there says so', async () => {
    const { folder, parameters } = await load(goldenFolder('qwen3'));
    await withFolder((parent) =>
      expect(saveModelFolder(join(parent, 'none'), folder, parameters)).rejects.toMatchObject({
        code: 'file.notWritten',
        message: expect.stringContaining('none') as string,
      }),
    );
  });
});

describe('weights that are taken', () => {
  it.each<{ what: string; from: string; change: (tensors: NamedTensor[]) => NamedTensor[] }>([
    { what: 'tensors in another order', from: 'qwen2-untied', change: (tensors) => tensors.reverse() },
    {
      what: 'a tied head stored all the same',
      from: 'qwen2-tied',
      change: (tensors) => [
        ...tensors,
        { ...(tensors.find(({ name }) => name === 'model.embed_tokens.weight') as NamedTensor), name: 'lm_head.weight' },
      ],
    },
    {
      what: 'rotary frequencies of old versions',
      from: 'llama-untied',
      change: (tensors) => [...tensors, { name: 'model.layers.0.self_attn.rotary_emb.inv_freq', shape: [2], values: new Float32Array(2) }],
    },
  ])('$what', ({ from, change }) =>
    withCopy(from, async (copy) => {
      await changeTensors(copy, change);
      expect((await load(copy)).parameters).toEqual((await load(goldenFolder(from))).parameters);
    }),
  );

  it('an index whose shards are in no order', () =>
    withCopy('qwen3-sharded', async (copy) => {
      // Names that say nothing: first and last shard change places.
      const [first, last] = ['model-00001-of-00005.safetensors', 'model-00005-of-00005.safetensors'] as const;
      await rename(join(copy, first), join(copy, 'x'));
      await rename(join(copy, last), join(copy, first));
      await rename(join(copy, 'x'), join(copy, last));
      await changeJson(join(copy, index), (json) => {
        const swapped = (name: string): string => (name === first ? last : name === last ? first : name);
        const map = Object.entries(json['weight_map'] as Record<string, string>).reverse();
        return { ...json, weight_map: Object.fromEntries(map.map(([tensor, name]) => [tensor, swapped(name)])) };
      });
      expect((await load(copy)).parameters).toEqual((await load(goldenFolder('qwen3-sharded'))).parameters);
    }));

  it('one file rather than an index beside it, as transformers does', () =>
    withCopy('qwen3', async (copy) => {
      await writeFile(join(copy, index), '{}');
      expect((await load(copy)).parameters).toEqual((await load(goldenFolder('qwen3'))).parameters);
    }));
});

describe('a folder of links, as in the cache of the hub', () => {
  /** `snapshots/main` with relative links into `blobs`, whose names say nothing. */
  async function cached(name: string, root: string): Promise<{ blobs: string; snapshot: string }> {
    const [blobs, snapshot] = [join(root, 'blobs'), join(root, 'snapshots', 'main')];
    await mkdir(blobs);
    await mkdir(snapshot, { recursive: true });
    for (const [i, file] of (await readdir(goldenFolder(name))).entries()) {
      await cp(join(goldenFolder(name), file), join(blobs, `b${i}`));
      await symlink(join('..', '..', 'blobs', `b${i}`), join(snapshot, file));
    }
    return { blobs, snapshot };
  }

  it.each(['qwen2-tied', 'qwen3-sharded'])('loads as %s', (name) =>
    withFolder(async (root) => {
      const { snapshot } = await cached(name, root);
      expect((await load(snapshot)).parameters).toEqual((await load(goldenFolder(name))).parameters);
    }),
  );

  it('is saved into without a change to what the links lead to', () =>
    withFolder(async (root) => {
      const { blobs, snapshot } = await cached('qwen2-tied', root);
      const before = await filesOf(blobs);
      const { folder, parameters } = await load(snapshot);
      await saveModelFolder(snapshot, folder, parameters, { dtype: 'BF16' });
      expect(await filesOf(blobs)).toEqual(before);
      expect((await lstat(join(snapshot, 'model.safetensors'))).isFile()).toBe(true);
    }));
});

describe('weights that are refused', () => {
  const without = (name: string) => (tensors: NamedTensor[]) => tensors.filter((tensor) => tensor.name !== name);
  const transposed = (name: string) => (tensors: NamedTensor[]) =>
    tensors.map((tensor) => (tensor.name === name ? { ...tensor, shape: [...tensor.shape].reverse() } : tensor));

  it.each<{ what: string; from: string; fault: (folder: string) => Promise<void>; code: string; says: RegExp }>([
    {
      what: 'a missing tensor',
      from: 'qwen2-tied',
      fault: (folder) => changeTensors(folder, without('model.layers.1.self_attn.k_proj.bias')),
      code: 'model.tensorMissing',
      says: /needs model\.layers\.1\.self_attn\.k_proj\.bias \[16\], which .*model\.safetensors does not have/,
    },
    {
      what: 'many missing tensors',
      from: 'qwen2-tied',
      fault: (folder) => changeJson(join(folder, 'config.json'), (json) => ({ ...json, num_hidden_layers: 3 })),
      code: 'model.tensorMissing',
      says: /model\.layers\.2\.input_layernorm\.weight \[32\], .* and 9 more/,
    },
    {
      what: 'a transposed tensor',
      from: 'llama-untied',
      fault: (folder) => changeTensors(folder, transposed('model.layers.0.mlp.down_proj.weight')),
      code: 'model.tensorShape',
      says: /down_proj\.weight in .*model\.safetensors has shape \[\d+, 32\]; config\.json asks for \[32, \d+\]/,
    },
    {
      what: 'another width than configured',
      from: 'qwen3',
      fault: (folder) => changeJson(join(folder, 'config.json'), (json) => ({ ...json, vocab_size: 50 })),
      code: 'model.tensorShape',
      says: /model\.embed_tokens\.weight .*\[48, 32\].*\[50, 32\]/,
    },
    {
      what: 'biases that the configuration does not know',
      from: 'qwen2-untied',
      fault: (folder) => changeJson(join(folder, 'config.json'), (json) => ({ ...json, model_type: 'llama' })),
      code: 'model.tensorUnexpected',
      says: /self_attn\.[qkv]_proj\.bias \[\d+\] in .*model\.safetensors, .* and 3 more has no place/,
    },
    {
      what: 'an own head where the configuration ties it to nothing',
      from: 'qwen2-tied',
      fault: (folder) => changeJson(join(folder, 'config.json'), (json) => ({ ...json, tie_word_embeddings: false })),
      code: 'model.tensorMissing',
      says: /lm_head\.weight \[48, 32\]/,
    },
    {
      what: 'no weights at all',
      from: 'qwen3',
      fault: (folder) => rm(join(folder, 'model.safetensors')),
      code: 'model.noWeights',
      says: /has no model\.safetensors and no model\.safetensors\.index\.json\. Download/,
    },
    {
      what: 'weights as pickles only',
      from: 'qwen3',
      fault: (folder) => rename(join(folder, 'model.safetensors'), join(folder, 'pytorch_model.bin')),
      code: 'model.noWeights',
      says: /Convert its pytorch_model\.bin/,
    },
    {
      what: 'a shard that is not there',
      from: 'qwen3-sharded',
      fault: (folder) => rm(join(folder, 'model-00003-of-00005.safetensors')),
      code: 'safetensors.notFound',
      says: /model-00003-of-00005\.safetensors/,
    },
    {
      what: 'a shard that is cut off',
      from: 'qwen3-sharded',
      fault: async (folder) => {
        const path = join(folder, 'model-00004-of-00005.safetensors');
        await writeFile(path, (await readFile(path)).subarray(0, -10));
      },
      code: 'safetensors.damaged',
      says: /model-00004-of-00005\.safetensors is damaged: tensor .* \(it is cut off\)/,
    },
    {
      what: 'an index that names a tensor which its file does not have',
      from: 'qwen3-sharded',
      fault: (folder) => changeMap(folder, (map) => ({ ...map, 'model.norm.weight': 'model-00001-of-00005.safetensors' })),
      code: 'model.index',
      says: /says that model-00001-of-00005\.safetensors holds tensor model\.norm\.weight, but it does not/,
    },
    {
      what: 'two shards that changed places',
      from: 'qwen3-sharded',
      fault: async (folder) => {
        const path = (i: number): string => join(folder, `model-0000${i}-of-00005.safetensors`);
        await rename(path(1), join(folder, 'x'));
        await rename(path(2), path(1));
        await rename(join(folder, 'x'), path(2));
      },
      code: 'model.index',
      says: /says that model-0000[12]-of-00005\.safetensors holds tensor model\..*, but it does not/,
    },
    {
      what: 'a dtype that holds no floats',
      from: 'llama-f16',
      fault: async (folder) => {
        const path = join(folder, 'model.safetensors');
        const bytes = await readFile(path);
        bytes.write('"I16"', bytes.indexOf('"F16"'));
        await writeFile(path, bytes);
      },
      code: 'safetensors.dtype',
      says: /Tensor \S+ of .*model\.safetensors is stored as I16; F32, F16, BF16 can be read\. Convert/,
    },
    {
      what: 'an index that leaves a tensor out',
      from: 'qwen3-sharded',
      fault: (folder) => changeMap(folder, ({ 'model.norm.weight': _, ...rest }) => rest),
      code: 'model.tensorMissing',
      says: /model\.norm\.weight \[32\], which .*index\.json does not have/,
    },
    {
      what: 'a tensor in two shards',
      from: 'qwen3-sharded',
      fault: async (folder) => {
        const [first, second] = [1, 2].map((i) => join(folder, `model-0000${i}-of-00005.safetensors`)) as [string, string];
        const [tensor] = await readTensors(first);
        await writeSafetensors(second, [tensor as NamedTensor, ...(await readTensors(second))], 'F32');
      },
      code: 'model.index',
      says: /is in two weight files, .*model-0000[12]-of-00005\.safetensors and .*model-0000[12]-of-00005\.safetensors\./,
    },
    {
      what: 'an index that leads out of the folder',
      from: 'qwen3-sharded',
      fault: (folder) => changeMap(folder, (map) => ({ ...map, 'model.norm.weight': '../other/model.safetensors' })),
      code: 'model.index',
      says: /gives "\.\.\/other\/model\.safetensors" as the file of tensor model\.norm\.weight/,
    },
    {
      what: 'an index of numbers',
      from: 'qwen3-sharded',
      fault: (folder) => changeMap(folder, () => ({ 'model.norm.weight': 3 })),
      code: 'model.index',
      says: /gives 3 as the file/,
    },
    {
      what: 'an index without a map',
      from: 'qwen3-sharded',
      fault: (folder) => changeJson(join(folder, index), () => ({ metadata: {} })),
      code: 'model.index',
      says: /has no "weight_map"/,
    },
    {
      what: 'an index that is no JSON',
      from: 'qwen3-sharded',
      fault: (folder) => writeFile(join(folder, index), '{'),
      code: 'model.index',
      says: /index\.json is no valid JSON/,
    },
  ])('$what', ({ from, fault, code, says }) =>
    withCopy(from, async (copy) => {
      await fault(copy);
      await expect(load(copy)).rejects.toMatchObject({ name: 'WorkbenchError', code, message: expect.stringMatching(says) as string });
    }),
  );

  it('in a folder that is not there', () => expect(openWeights('/nowhere/model')).rejects.toMatchObject({ code: 'model.notFound' }));

  function changeMap(folder: string, change: (map: Json) => Json): Promise<void> {
    return changeJson(join(folder, index), (json) => ({ ...json, weight_map: change(json['weight_map'] as Json) }));
  }
});

it('copies what belongs to the tokenizer and to generation, and nothing else', () =>
  withFolder((from) =>
    withFolder(async (to) => {
      const wanted = [
        'chat_template.jinja',
        'generation_config.json',
        'merges.txt',
        'special_tokens_map.json',
        'tokenizer.json',
        'tokenizer_config.json',
        'vocab.json',
      ];
      for (const name of [...wanted, 'config.json', 'model.safetensors', 'optimizer.safetensors', 'README.md'])
        await writeFile(join(from, name), name);
      await copySideFiles(from, to);
      expect((await readdir(to)).sort()).toEqual(wanted);
    }),
  ));
