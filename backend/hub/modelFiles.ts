/** Which files of a model's repository are needed: configuration, tokenizer and templates, and weights as safetensors. Never pickles, which run code. */
import { WorkbenchError } from '../core/errors.ts';

/** description: what it takes to plan a run, without the weights. */
export type ModelPart = 'description' | 'all';

const singleFile = 'model.safetensors';
export const indexFile = 'model.safetensors.index.json';

const description =
  /^(?:(?:config|generation_config|adapter_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|chat_template|model\.safetensors\.index)\.json|chat_template\.jinja|merges\.txt|tokenizer\.model)$/;

export function isDescription(path: string): boolean {
  return description.test(path);
}

/** The weight files among `paths`, as they are read: one file, else the shards of the index; beside them an adapter's. */
export function weightFilesOf(paths: readonly string[], index: unknown): string[] {
  const adapter = paths.filter((path) => path === 'adapter_model.safetensors');
  if (paths.includes(singleFile)) return [singleFile, ...adapter];
  return [...shardsOf(index), ...adapter];
}

/** Throws `hub.noWeights` for a repository without weights that can be read, saying what it has instead. */
export function requireWeights(paths: readonly string[], what: string, page: string): void {
  if (paths.some((path) => [singleFile, indexFile, 'adapter_model.safetensors'].includes(path))) return;
  const pickled = paths.find((path) => /\.(?:bin|pt|pth|ckpt)$/.test(path));
  const quantized = paths.find((path) => path.endsWith('.gguf'));
  const instead = pickled ?? quantized;
  throw new WorkbenchError({
    code: 'hub.noWeights',
    message: `${what} has no ${singleFile}${instead === undefined ? '' : `; it has ${instead}`}.`,
    remedy:
      pickled !== undefined
        ? `Pickled weights can run code when opened and are not read; see whether ${page} has a revision with safetensors.`
        : 'Choose the repository that holds the model as safetensors.',
  });
}

/** Names that an index gives; anything malformed is found again when the folder is read. */
function shardsOf(index: unknown): string[] {
  const map: unknown = (index as { weight_map?: unknown } | null | undefined)?.weight_map;
  if (typeof map !== 'object' || map === null) return [];
  return [...new Set(Object.values(map))].filter((name): name is string => typeof name === 'string');
}
