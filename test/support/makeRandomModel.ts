/**
 * Fills a folder that has a config.json with random weights in bfloat16, in files of at most 2 GB: `makeRandomModel.ts FOLDER TOKENS`.
 * The first TOKENS of a tied vocabulary are likely and the others are not, so that a small tokenizer can read what the model writes.
 */
import { Rng } from '../../backend/core/rng.ts';
import { sizeOf } from '../../backend/graph/ir.ts';
import { partView, readModelConfig, saveTensors } from '../../backend/models/folder.ts';
import { parameterSpecs, type ParameterSpec } from '../../backend/models/parameters.ts';

const [path, likely] = process.argv.slice(2);
if (path === undefined || likely === undefined) throw new Error('makeRandomModel.ts FOLDER TOKENS');
const nLikely = Number(likely);
const folder = await readModelConfig(path);

// Billions of normal numbers would take minutes: they are read again and again from one list, whose prime length keeps rows different.
const rng = Rng.of(1, 'weights');
const normals = Float32Array.from({ length: 1_000_003 }, () => rng.normal());

function randomValues({ name, shape }: ParameterSpec, index: number): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  const [, inputs] = shape;
  if (inputs === undefined) return name.endsWith('bias') ? values : values.fill(1);
  const isVocabulary = name === 'embedding' || name === 'head';
  const deviation = isVocabulary ? 0.02 : 0.6 / Math.sqrt(inputs);
  let at = (7919 * index) % normals.length;
  for (let i = 0; i < values.length; i++) {
    values[i] = deviation * (normals[at] as number);
    at = at + 1 === normals.length ? 0 : at + 1;
  }
  if (isVocabulary) for (let i = 0; i < nLikely * inputs; i++) values[i] = 10 * (values[i] as number);
  return values;
}

// Each parameter is made when it is written, so that memory holds one at a time.
const tensors = parameterSpecs(folder.config).flatMap((spec, index) => {
  let made: Float32Array | undefined;
  return spec.parts.map((part, i) => ({
    name: part.name,
    shape: part.shape,
    values: () => {
      const values = partView(spec, part, (made ??= randomValues(spec, index)));
      if (i === spec.parts.length - 1) made = undefined;
      return values;
    },
  }));
});
await saveTensors(path, folder, tensors, { dtype: 'BF16', maxShardBytes: 2e9 });
