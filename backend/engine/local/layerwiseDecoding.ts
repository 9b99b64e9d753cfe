/** Prompts and single tokens through the model one layer at a time: for weights that are at half precision outside of the programs of one layer. */
import { headStepProgram, layerPrefillProgram, layerStepProgram } from '../../models/layerPrograms.ts';
import { positionFeeds, samplingFeeds, type Decoding, type DecodingModel, type LayerCache, type Stepped, type TokenStep } from './decoding.ts';
import { KeyValueCache } from './keyValueCache.ts';
import { hiddenTensor, nameInModel, type LayerFeeds } from './layerwise.ts';
import { allFinite, notFiniteError } from './nonFinite.ts';
import { letCopiesGo, runProgram, type Tensor } from './session.ts';

export function layerwiseDecoding(model: DecodingModel & LayerFeeds): Decoding {
  const { program: shape, programs, prefillPrograms, feeds: parameters } = model;
  const { nLayers } = shape.config;
  const dataOf = (outputs: Readonly<Record<string, Tensor>>, name: string): Float32Array => (outputs[name] as Tensor).data as Float32Array;
  return {
    async prefill(batch, length, tokens) {
      const title = `Prefill of a layer over ${batch} × ${length} tokens`;
      const program = await prefillPrograms.get(title, '', () => layerPrefillProgram(shape, batch, length));
      const cache: LayerCache[] = [];
      let hidden = model.embed(tokens);
      for (let layer = 0; layer < nLayers; layer++) {
        const outputs = await runProgram(program, { ...model.layerFeeds(layer), entering: hiddenTensor(model, hidden) });
        cache.push({ keys: dataOf(outputs, 'keys'), values: dataOf(outputs, 'values') });
        hidden = dataOf(outputs, 'leaving');
        letCopiesGo(hidden.byteLength);
      }
      return cache;
    },
    open(openRows, capacity) {
      const cache = new KeyValueCache(shape.config, openRows, capacity);
      return { cache, step: (step) => stepOver(step, cache), close: () => undefined };
    },
  };

  async function stepOver(step: TokenStep, cache: KeyValueCache): Promise<Stepped> {
    const { batch, mode, rows, positions } = step;
    const title = `Decoding a layer of ${batch} rows of ${cache.capacity} tokens`;
    const program = await programs.get(title, '', () => layerStepProgram(shape, batch, cache.capacity));
    const caches = cache.feeds(batch);
    let hidden = model.embed(step.tokens);
    for (let layer = 0; layer < nLayers; layer++) {
      const own = { keys: caches[`keys.${layer}`] as Tensor, values: caches[`values.${layer}`] as Tensor };
      const feeds = { ...model.layerFeeds(layer), ...own, ...positionFeeds(step), entering: hiddenTensor(model, hidden) };
      const outputs = await runProgram(program, feeds);
      cache.append(dataOf(outputs, 'fresh'), rows, positions, { firstLayer: layer, nLayers: 1 });
      hidden = dataOf(outputs, 'leaving');
      if (!allFinite(hidden)) throw await notFiniteError(program, feeds, undefined, (name) => nameInModel(name, layer));
    }
    const head = await programs.get(`Decoding the head of ${batch} rows`, mode, () => headStepProgram(shape, batch, mode));
    const feeds = { ...parameters, ...samplingFeeds(step), hidden: hiddenTensor(model, hidden) };
    const outputs = await runProgram(head, feeds);
    return { outputs, explain: () => notFiniteError(head, feeds) };
  }
}
