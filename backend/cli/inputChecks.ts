/** What can be known of a run from its files: whether model, tokenizer, data and verifier fit each other. */
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import type { ProblemSets } from '../data/problemSets.ts';
import { mappingText } from '../data/mapping.ts';
import { placeOf } from '../data/readProblems.ts';
import { hasWeights } from '../hub/download.ts';
import { isHubAddress } from '../hub/hubAddress.ts';
import { parameterCount } from '../models/estimate.ts';
import { readModelConfig, type ModelFolder } from '../models/folder.ts';
import { openWeights } from '../models/weightFiles.ts';
import type { Problem } from '../protocol/records.ts';
import { problemMessages } from '../text/prompts.ts';
import { splitMarks, splitMarksWarnings } from '../text/templateMarks.ts';
import { loadTokenizer, type Tokenizer } from '../text/tokenizer.ts';
import { readRunData } from '../training/dataSets.ts';
import { findCritic, findVerifier } from '../training/findPlugin.ts';
import { openGrader, testVerifier } from '../training/grading.ts';
import { requireData } from '../training/openRun.ts';
import { resolveModel } from '../training/sources.ts';
import type { Check, Patient } from './doctorCheck.ts';

export const modelCheck: Check = {
  name: 'model',
  needs: [],
  async examine({ config, context }, facts) {
    const source = await resolveModel(config, { demoFolder: context.demoFolder, part: 'description' });
    const folder = await readModelConfig(source.folder);
    const { lora } = source.config.model;
    const adapter = lora === null ? '' : `, with ${source.adapter === null ? 'an' : 'the'} adapter of rank ${lora.rank}`;
    const form = `${folder.config.modelType}, ${parameterCount(folder.config).toLocaleString('en-US')} parameters`;
    facts.model = folder;
    facts.tokenizerFolder = source.tokenizerFolder;
    if (config.engine.tinker !== null)
      return { status: 'ok', detail: `${form}, as its configuration says; its weights are on ${config.engine.tinker.baseUrl}` };
    if (isHubAddress(config.model.path) && !(await hasWeights(source.folder))) {
      return {
        status: 'warning',
        detail: `${form}${adapter}; its weights are not here yet`,
        remedy: `They are downloaded when the run starts, or by: critique-grpo download ${config.model.path}`,
      };
    }
    const weights = await openWeights(source.folder);
    const stored = [...weights.where].map(([name, file]) => file.tensors.get(name)?.dtype ?? 'unknown');
    await weights.close();
    return { status: 'ok', detail: `${form}, stored as ${[...new Set(stored)].sort().join(', ')}${adapter}` };
  },
};

export const tokenizerCheck: Check = {
  name: 'tokenizer',
  needs: ['model'],
  async examine(patient, facts) {
    const { path, config } = facts.model as ModelFolder;
    const tokenizer = await loadTokenizer(facts.tokenizerFolder ?? path);
    if (tokenizer.stopTokens.length === 0) {
      return {
        status: 'failed',
        detail: 'The model folder names no end token: every completion would run to its limit.',
        remedy: 'Add "eos_token_id" to its generation_config.json.',
      };
    }
    if (tokenizer.vocabularySize > config.vocabularySize) {
      return {
        status: 'failed',
        detail: `It knows ${tokenizer.vocabularySize} tokens; the model has embeddings for ${config.vocabularySize}.`,
        remedy: 'Use the tokenizer that belongs to the model.',
      };
    }
    facts.tokenizer = tokenizer;
    const known = `${tokenizer.vocabularySize} tokens, ${tokenizer.stopTokens.length} of them end a completion`;
    // Broken data is the next check's finding.
    const problem = (await readSets(patient).catch(() => undefined))?.train[0];
    if (problem === undefined) return { status: 'ok', detail: known };
    tokenizer.encodeConversation(problemMessages(problem, patient.config.prompt), 'answer');
    const text = problem.prompt.at(-1)?.content ?? '';
    const back = tokenizer.decode(tokenizer.encodeText(text));
    const [foreign] = splitMarksWarnings(splitMarks(tokenizer));
    if (foreign !== undefined)
      return { status: 'warning', detail: foreign, remedy: 'Compare chat_template.jinja and tokenizer_config.json with their origin.' };
    if (back === text) return { status: 'ok', detail: `${known}; a problem comes back as it was` };
    return {
      status: 'warning',
      detail: `Problem ${problem.id} comes back changed: ${JSON.stringify(difference(text, back))} as ${JSON.stringify(difference(back, text))}.`,
      remedy: 'Some characters are not in the vocabulary, or the tokenizer normalizes text; see that answers survive it.',
    };
  },
};

export const dataCheck: Check = {
  name: 'data',
  needs: [],
  async examine(patient, facts) {
    const sets = await readSets(patient);
    const { config } = patient;
    requireData(findAlgorithm(config.algorithm), findCritic(config.critic), sets.train, config);
    facts.problems = sets;
    const { train, heldOut, skipped } = sets;
    const detail = `train ${counts(train)}, ${heldOut.length === 0 ? 'no held-out set' : `held-out ${counts(heldOut)}`}; read as ${mappingText(sets.read.mapping)}`;
    const [first] = skipped;
    if (first !== undefined) {
      return {
        status: 'warning',
        detail: `${detail}; ${skipped.length} broken rows are left out, the first at ${placeOf(first)}: ${first.reason}`,
        remedy: 'Correct them.',
      };
    }
    if (heldOut.length > 0) return { status: 'ok', detail };
    return {
      status: 'warning',
      detail,
      remedy:
        'Name problems that are not trained on as data.heldOut, or hold some out with data.split, so that learning can be told from memorizing.',
    };
  },
};

export const verifierCheck: Check = {
  name: 'verifier',
  needs: ['problems'],
  async examine({ config, context, signal }, facts) {
    const verifier = findVerifier(config.verifier);
    const graderPool = await openGrader(verifier, { entry: context.entries.grader, config });
    try {
      const { tested, total, missed } = await testVerifier({ config, verifier, graderPool, signal }, allProblems(facts.problems as ProblemSets));
      const [first] = missed;
      const sample = `all of ${tested} gold answers${tested === total ? '' : ` tried, of ${total}`}`;
      const [does, fails] = verifier.knowsGold === false ? ['judges', 'comes to no judgment on'] : ['recognizes', 'misses'];
      if (first === undefined) return { status: 'ok', detail: `${verifier.name} ${does} ${sample}` };
      return {
        status: missed.length * 2 > tested ? 'failed' : 'warning',
        detail: `${verifier.name} ${fails} ${missed.length} of ${tested} gold answers, first "${first.answer}" of ${first.problemId}: ${first.reason}`,
        remedy: 'Choose a verifier that fits the answers, or correct the answers.',
      };
    } finally {
      await graderPool?.dispose();
    }
  },
};

export const promptCheck: Check = {
  name: 'prompts',
  needs: ['model', 'tokenizer', 'problems'],
  async examine({ config }, facts) {
    const { maxPositions } = (facts.model as ModelFolder).config;
    const tokenizer = facts.tokenizer as Tokenizer;
    let longest = { id: '', tokens: 0 };
    for (const problem of allProblems(facts.problems as ProblemSets)) {
      const tokens = tokenizer.encodeConversation(problemMessages(problem, config.prompt), 'answer').length;
      if (tokens > longest.tokens) longest = { id: problem.id, tokens };
    }
    const { maxTokens } = config.sampling;
    const detail = `at most ${longest.tokens} tokens (${longest.id}); with an answer of ${maxTokens} that is ${longest.tokens + maxTokens} of ${maxPositions}`;
    if (longest.tokens + maxTokens > maxPositions) {
      return { status: 'failed', detail, remedy: 'Shorten or remove long problems, or lower sampling.maxTokens.' };
    }
    facts.longestPrompt = longest.tokens;
    // A refinement's prompt holds the problem and an answer, and a second answer follows.
    if (findAlgorithm(config.algorithm).needs.critiques && longest.tokens + 2 * maxTokens >= maxPositions) {
      return {
        status: 'warning',
        detail: `${detail}; a refinement of a long answer has no room`,
        remedy: 'Lower sampling.maxTokens to less than half of the context.',
      };
    }
    return { status: 'ok', detail };
  },
};

const readings = new WeakMap<Patient, Promise<ProblemSets>>();

/** The sets of a run as it will read them; read once an examination. */
function readSets(patient: Patient): Promise<ProblemSets> {
  const known = readings.get(patient);
  if (known !== undefined) return known;
  const { config, context, signal } = patient;
  const reading = readRunData(config, { demoFolder: context.demoFolder, signal });
  readings.set(patient, reading);
  return reading;
}

function allProblems({ train, heldOut }: ProblemSets): readonly Problem[] {
  return [...train, ...heldOut];
}

/** `256 (easy 64, medium 96, hard 96)`, in the order of the file. */
function counts(problems: readonly Problem[]): string {
  const byLevel = new Map<string, number>();
  for (const { level } of problems) byLevel.set(level, (byLevel.get(level) ?? 0) + 1);
  const levels = [...byLevel].map(([level, count]) => `${level} ${count}`);
  return `${problems.length} (${[...levels.slice(0, 12), ...(levels.length > 12 ? ['…'] : [])].join(', ')})`;
}

/** From the first place on where the texts differ, a few characters of the one. */
function difference(text: string, other: string): string {
  const at = [...text].findIndex((character, i) => [...other][i] !== character);
  return [...text]
    .slice(at < 0 ? text.length : at)
    .slice(0, 12)
    .join('');
}
