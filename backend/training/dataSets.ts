/** The problems of a run as its run file says, wherever they lie: on this machine, in the bundled demonstration or on the hub. */
import { readSets, type ProblemSets } from '../data/problemSets.ts';
import type { Problem } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { problemMessages } from '../text/prompts.ts';
import { loadTokenizer, type Tokenizer } from '../text/tokenizer.ts';
import { pinOf, requireSameData, type DataPin, type DataPins } from './dataPins.ts';
import { locateData } from './locateData.ts';
import { resolveModel, type DataOptions, type SourceOptions } from './sources.ts';

/**
 * Reads, filters and divides. The model's tokenizer is loaded only where the filter counts tokens. Throws `dataset.…`, `data.…`, `hub.…`,
 * and then what opening the tokenizer throws.
 */
export async function readRunData(config: RunConfig, options: SourceOptions, pins: DataPins = {}): Promise<ProblemSets> {
  const { data } = config;
  const promptTokens = data.filter.maxPromptTokens === undefined ? undefined : promptCounter(await modelTokenizer(config, options), config.prompt);
  return readSets(data, {
    locate: (path, role) => locateData(path, role, { ...options, ...pinnedCommit(pins[role], path) }),
    ...(promptTokens === undefined ? {} : { promptTokens }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/**
 * The data of a run that may have been opened before: of the hub those of the commit it was started with, and all of them what they were.
 * Gives the pins to keep with the run (`writeDataPins`). Throws as `readRunData`, and `data.changed`.
 */
export async function readPinnedRunData(config: RunConfig, options: SourceOptions, before: DataPins): Promise<{ sets: ProblemSets; pins: DataPins }> {
  const sets = await readRunData(config, options, before);
  const { train, heldOut } = config.data;
  const pins = {
    train: await pinOf(train, sets.read.files),
    ...(heldOut === null || sets.heldOutRead === null ? {} : { heldOut: await pinOf(heldOut, sets.heldOutRead.files) }),
  };
  for (const role of ['train', 'heldOut'] as const) {
    const [was, is] = [before[role], pins[role]];
    if (was !== undefined && is?.path === was.path) requireSameData(role, was, is);
  }
  return { sets, pins };
}

function pinnedCommit(pin: DataPin | undefined, path: string): Pick<DataOptions, 'pinned'> {
  if (pin?.path !== path || pin.commit === null) return {};
  return { pinned: { commit: pin.commit, files: pin.files.map(({ name }) => name) } };
}

/** Tokens of a problem's prompt, as it is put to the model. */
export function promptCounter(tokenizer: Tokenizer, prompt: RunConfig['prompt']): (problem: Problem) => number {
  return (problem) => tokenizer.encodeConversation(problemMessages(problem, prompt), 'answer').length;
}

async function modelTokenizer(config: RunConfig, options: SourceOptions): Promise<Tokenizer> {
  const { tokenizerFolder } = await resolveModel(config, { ...options, part: 'description' });
  return loadTokenizer(tokenizerFolder);
}
