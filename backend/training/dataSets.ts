/** The problems of a run as its run file says, wherever they lie: on this machine, in the bundled demonstration or on the hub. */
import { readSets, type ProblemSets } from '../data/problemSets.ts';
import type { Problem } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { problemMessages } from '../text/prompts.ts';
import { loadTokenizer, type Tokenizer } from '../text/tokenizer.ts';
import { locateData } from './locateData.ts';
import { resolveModel, type SourceOptions } from './sources.ts';

/**
 * Reads, filters and divides. The model's tokenizer is loaded only where the filter counts tokens. Throws `dataset.…`, `data.…`, `hub.…`,
 * and then what opening the tokenizer throws.
 */
export async function readRunData(config: RunConfig, options: SourceOptions): Promise<ProblemSets> {
  const { data } = config;
  const promptTokens = data.filter.maxPromptTokens === undefined ? undefined : promptCounter(await modelTokenizer(config, options), config.prompt);
  return readSets(data, {
    locate: (path, role) => locateData(path, role, options),
    ...(promptTokens === undefined ? {} : { promptTokens }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** Tokens of a problem's prompt, as it is put to the model. */
export function promptCounter(tokenizer: Tokenizer, prompt: RunConfig['prompt']): (problem: Problem) => number {
  return (problem) => tokenizer.encodeConversation(problemMessages(problem, prompt), 'answer').length;
}

async function modelTokenizer(config: RunConfig, options: SourceOptions): Promise<Tokenizer> {
  const { tokenizerFolder } = await resolveModel(config, { ...options, part: 'description' });
  return loadTokenizer(tokenizerFolder);
}
