/** Adapters: the parameters they add, PEFT's folders, and the merge. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sizeOf } from '../../../backend/graph/ir.ts';
import { loadParameters, namedTensors, partView, readModelConfig } from '../../../backend/models/folder.ts';
import { initializeAdapter } from '../../../backend/models/initialize.ts';
import { readAdapterConfig } from '../../../backend/models/adapterConfig.ts';
import { adapterSpecs, loadAdapter, mergeLora, saveAdapterFolder } from '../../../backend/models/lora.ts';
import { valuesOf } from '../../../backend/models/safetensors.ts';
import { loraTargets, parameterSpecs, type LoraSpec } from '../../../backend/models/parameters.ts';
import { changeJson, goldenFolder, readJsonFile, readTensors, withFolder, type Json } from './folders.ts';

const peftFolder = goldenFolder('qwen2-lora');
const base = await readModelConfig(goldenFolder('qwen2-tied'));

function emptyAdapter(lora: LoraSpec): Map<string, Float32Array> {
  return new Map(adapterSpecs(base.config, lora).map(({ name, shape }) => [name, new Float32Array(sizeOf(shape))]));
}

async function goldenAdapter() {
  const { lora } = await readAdapterConfig(peftFolder);
  const adapter = emptyAdapter(lora);
  await loadAdapter(peftFolder, base.config, lora, adapter);
  return { lora, adapter };
}

/** Calls `use` with a copy of PEFT's folder in which adapter_config.json is changed. */
function withAdapterConfig<T>(changes: Json, use: (folder: string) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    await cp(peftFolder, folder, { recursive: true });
    await changeJson(join(folder, 'adapter_config.json'), (json) => ({ ...json, ...changes }));
    return use(folder);
  });
}

describe('parameters', () => {
  it('of the adapter train, those of the base do not', () => {
    const lora = { rank: 3, alpha: 6, targets: ['v_proj', 'down_proj'] };
    const specs = parameterSpecs(base.config, lora);
    expect(specs.filter(({ trainable }) => !trainable).map(({ name }) => name)).toEqual(parameterSpecs(base.config).map(({ name }) => name));
    expect(specs.filter(({ trainable }) => trainable).map(({ name, shape }) => `${name} ${shape.join('x')}`)).toEqual(
      [0, 1].flatMap((i) => [
        `layers.${i}.v_proj.loraA 3x32`,
        `layers.${i}.v_proj.loraB 16x3`,
        `layers.${i}.down_proj.loraA 3x48`,
        `layers.${i}.down_proj.loraB 32x3`,
      ]),
    );
  });

  it.each([
    { targets: ['q_proj', 'query'], says: /targets query, which is no projection/ },
    { targets: ['toString'], says: /toString/ },
    { targets: [], says: /targets no projection\. Choose from q_proj, / },
  ])('for $targets are refused', ({ targets, says }) =>
    expect(() => parameterSpecs(base.config, { rank: 1, alpha: 1, targets })).toThrow(
      expect.objectContaining({ code: 'lora.target', message: expect.stringMatching(says) as string }) as Error,
    ),
  );

  it('begin as PEFT begins them: A uniform within ±1/√inputs, B zero, by the seed', () => {
    const specs = parameterSpecs(base.config, { rank: 16, alpha: 16, targets: loraTargets });
    const adapter = initializeAdapter(specs, 5);
    expect([...adapter.keys()]).toEqual(specs.filter(({ trainable }) => trainable).map(({ name }) => name));
    for (const spec of specs.filter(({ trainable }) => trainable)) {
      const values = adapter.get(spec.name) as Float32Array;
      expect(values).toHaveLength(sizeOf(spec.shape));
      if (spec.name.endsWith('loraB')) expect(values.every((value) => value === 0)).toBe(true);
      else {
        const bound = 1 / Math.sqrt(spec.shape[1] as number);
        expect(values.every((value) => Math.abs(value) <= bound)).toBe(true);
        // The variance of a uniform: bound² / 3, here of at least 512 values.
        expect(values.reduce((sum, value) => sum + value * value, 0) / values.length / (bound ** 2 / 3)).toBeCloseTo(1, 0);
      }
    }
    expect(initializeAdapter(specs, 5)).toEqual(adapter);
    expect(initializeAdapter(specs, 6)).not.toEqual(adapter);
  });
});

describe("PEFT's folder", () => {
  it('is read, and written with the same names, shapes and bits', () =>
    withFolder(async (saved) => {
      const { lora, adapter } = await goldenAdapter();
      expect(lora).toEqual({ rank: 4, alpha: 8, targets: [...loraTargets].sort() });
      await saveAdapterFolder(saved, base, lora, adapter);
      const written = await readTensors(join(saved, 'adapter_model.safetensors'));
      expect(written).toEqual(await readTensors(join(peftFolder, 'adapter_model.safetensors')));
      expect(written[0]?.name).toBe('base_model.model.model.layers.0.mlp.down_proj.lora_A.weight');
      expect(await readAdapterConfig(saved)).toEqual({ lora, base: base.path, revision: null });
    }));

  it('says in its configuration nothing that PEFT says otherwise', () =>
    withFolder(async (saved) => {
      const { lora, adapter } = await goldenAdapter();
      await saveAdapterFolder(saved, base, lora, adapter);
      const { base_model_name_or_path: baseModel, ...rest } = await readJsonFile(join(saved, 'adapter_config.json'));
      expect(await readJsonFile(join(peftFolder, 'adapter_config.json'))).toMatchObject(rest);
      expect(baseModel).toBe(base.path);
    }));

  it('may name its targets all at once', () =>
    withAdapterConfig({ target_modules: 'all-linear' }, async (folder) =>
      expect((await readAdapterConfig(folder)).lora.targets).toEqual(loraTargets),
    ));

  it.each(['gaussian', 'eva', 'orthogonal', false, null])('may have been initialized as %s', (init) =>
    withAdapterConfig({ init_lora_weights: init }, async (folder) => expect((await readAdapterConfig(folder)).lora.rank).toBe(4)),
  );

  it.each<{ changes: Json; lora: object }>([
    { changes: { use_rslora: true }, lora: { rank: 4, alpha: 16 } },
    { changes: { lora_dropout: 0.1 }, lora: { rank: 4, alpha: 8 } },
    { changes: { target_modules: ['self_attn.q_proj', 'mlp.up_proj', 'v_proj'] }, lora: { targets: ['q_proj', 'up_proj', 'v_proj'] } },
  ])('with $changes is the plain adapter of the same arithmetic', ({ changes, lora }) =>
    withAdapterConfig(changes, async (folder) => expect((await readAdapterConfig(folder)).lora).toMatchObject(lora)),
  );

  it.each<{ changes: Json; code: string; says: RegExp }>([
    { changes: { use_dora: true, bias: 'all' }, code: 'adapter.unsupported', says: /"bias": "all", "use_dora": true/ },
    { changes: { rank_pattern: { q_proj: 8 } }, code: 'adapter.unsupported', says: /"rank_pattern": \{"q_proj":8\}/ },
    { changes: { modules_to_save: ['lm_head'] }, code: 'adapter.unsupported', says: /modules_to_save/ },
    { changes: { init_lora_weights: 'pissa_niter_4' }, code: 'adapter.unsupported', says: /"init_lora_weights": "pissa_niter_4"/ },
    { changes: { layers_to_transform: [0] }, code: 'adapter.unsupported', says: /layers_to_transform/ },
    { changes: { peft_type: 'IA3' }, code: 'adapter.unsupported', says: /"peft_type": "IA3"/ },
    { changes: { r: 0 }, code: 'adapter.config', says: /"r" is 0/ },
    { changes: { lora_alpha: '8' }, code: 'adapter.config', says: /"lora_alpha" "8"/ },
    { changes: { target_modules: '.*_proj' }, code: 'adapter.config', says: /"target_modules" "\.\*_proj"/ },
  ])('with $changes is refused', ({ changes, code, says }) =>
    withAdapterConfig(changes, (folder) =>
      expect(readAdapterConfig(folder)).rejects.toMatchObject({ code, message: expect.stringMatching(says) as string }),
    ),
  );

  it.each([
    { lora: { rank: 5, alpha: 8, targets: loraTargets }, says: /has shape \[4, 32\] for .*\.lora_A\.weight; \[5, 32\] is wanted/ },
    { lora: { rank: 4, alpha: 8, targets: ['q_proj'] }, says: /for which the model has no adapter/ },
  ])('for another adapter than $lora.rank of $lora.targets is refused', ({ lora, says }) =>
    expect(loadAdapter(peftFolder, base.config, lora, emptyAdapter(lora))).rejects.toMatchObject({
      code: 'adapter.mismatch',
      message: expect.stringMatching(says) as string,
    }),
  );

  it('for a deeper model is refused', () => {
    const config = { ...base.config, nLayers: 3 };
    const lora = { rank: 4, alpha: 8, targets: loraTargets };
    return expect(loadAdapter(peftFolder, config, lora, new Map())).rejects.toMatchObject({
      code: 'adapter.mismatch',
      message: expect.stringMatching(/has no .*layers\.2\./) as string,
    });
  });

  it('that is not there is refused', async () => {
    const lora = { rank: 4, alpha: 8, targets: loraTargets };
    await expect(loadAdapter('/nowhere', base.config, lora, emptyAdapter(lora))).rejects.toMatchObject({ code: 'safetensors.notFound' });
    await expect(readAdapterConfig('/nowhere')).rejects.toMatchObject({ code: 'adapter.config' });
  });
});

describe('the merge', () => {
  it('adds (alpha / rank) B A to the targeted rows, and leaves the base as it was', async () => {
    const { adapter } = await goldenAdapter();
    const lora = { rank: 4, alpha: 8, targets: ['k_proj', 'down_proj'] };
    const specs = parameterSpecs(base.config);
    const parameters = await loadParameters(base, specs);
    const before = new Map([...parameters].map(([name, values]) => [name, values.slice()]));
    const tensors = mergeLora(namedTensors(specs, parameters), lora, adapter);
    expect(tensors.map(({ name }) => name)).toEqual(specs.flatMap(({ parts }) => parts.map(({ name }) => name)));
    const merged = new Map<string, Float32Array>();
    for (const tensor of tensors) merged.set(tensor.name, await valuesOf(tensor));
    expect(parameters).toEqual(before);
    for (const spec of specs) {
      for (const part of spec.parts) {
        const target = lora.targets.find((name) => part.name.includes(name) && part.name.endsWith('.weight'));
        const from = partView(spec, part, before.get(spec.name) as Float32Array);
        const to = merged.get(part.name) as Float32Array;
        if (target === undefined) {
          expect(to).toEqual(from);
          continue;
        }
        const at = `layers.${/layers\.(\d+)/.exec(part.name)?.[1] ?? ''}.${target}`;
        const [a, b] = [adapter.get(`${at}.loraA`) as Float32Array, adapter.get(`${at}.loraB`) as Float32Array];
        const columns = part.shape[1] as number;
        to.forEach((value, i) => {
          const [row, column] = [Math.floor(i / columns), i % columns];
          const product = [0, 1, 2, 3].reduce((sum, r) => sum + (b[row * 4 + r] as number) * (a[r * columns + column] as number), 0);
          expect(value).toBe(Math.fround((from[i] as number) + 2 * product));
        });
      }
    }
  });
});
