/** What can be known of a run from its files: whether model, tokenizer, data and verifier fit each other. */
import { pathToFileURL } from 'node:url';
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import { readProblems, type LoadedProblems } from '../data/jsonl.ts';
import { parameterCount } from '../models/estimate.ts';
import { readModelConfig, type ModelFolder } from '../models/folder.ts';
import { openWeights } from '../models/weightFiles.ts';
import type { Problem } from '../protocol/records.ts';
import { GraderPool } from '../rewards/graderPool.ts';
import { selfTest } from '../rewards/selfTest.ts';
import { problemMessages } from '../text/prompts.ts';
import { loadTokenizer, type Tokenizer } from '../text/tokenizer.ts';
import { findCritic, findVerifier } from '../training/findPlugin.ts';
import { graderDeadlineMs } from '../training/grading.ts';
import { requireData } from '../training/openRun.ts';
import { resolveDemo } from '../training/policy.ts';
import type { Check, Patient, ProblemSets } from './doctorCheck.ts';

export const modelCheck: Check = {
  name: 'model',
  needs: [],
  async examine({ config, context }, facts) {
    const path = resolveDemo(config.model.path, context.demoFolder);
    const folder = await readModelConfig(path);
    const weights = await openWeights(path);
    const stored = [...weights.where].map(([name, file]) => file.tensors.get(name)?.dtype ?? 'unknown');
    await weights.close();
    facts.model = folder;
    const adapter = config.model.lora === null ? '' : `, with an adapter of rank ${config.model.lora.rank}`;
    const parameters = parameterCount(folder.config).toLocaleString('en-US');
    return {
      status: 'ok',
      detail: `${folder.config.modelType}, ${parameters} parameters, stored as ${[...new Set(stored)].sort().join(', ')}${adapter}`,
    };
  },
};

export const tokenizerCheck: Check = {
  name: 'tokenizer',
  needs: ['model'],
  async examine(patient, facts) {
    const { path, config } = facts.model as ModelFolder;
    const tokenizer = await loadTokenizer(path);
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
    const problem = (await readSets(patient).catch(() => undefined))?.train.problems[0];
    if (problem === undefined) return { status: 'ok', detail: known };
    tokenizer.encodeConversation(problemMessages(problem, patient.config.prompt), 'answer');
    const text = problem.prompt.at(-1)?.content ?? '';
    const back = tokenizer.decode(tokenizer.encodeText(text));
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
    requireData(findAlgorithm(config.algorithm), findCritic(config.critic), sets.train.problems, config);
    facts.problems = sets;
    const { train, heldOut } = sets;
    const detail = `train ${counts(train.problems)}, ${heldOut === undefined ? 'no held-out set' : `held-out ${counts(heldOut.problems)}`}`;
    const skipped = [...train.skipped, ...(heldOut?.skipped ?? [])];
    const [first] = skipped;
    if (first !== undefined) {
      return {
        status: 'warning',
        detail: `${detail}; ${skipped.length} broken rows are left out, the first on line ${first.line}: ${first.reason}`,
        remedy: 'Correct them.',
      };
    }
    if (heldOut !== undefined) return { status: 'ok', detail };
    return {
      status: 'warning',
      detail,
      remedy: 'Name problems that are not trained on as data.heldOut, so that learning can be told from memorizing.',
    };
  },
};

export const verifierCheck: Check = {
  name: 'verifier',
  needs: ['problems'],
  async examine({ config, context, signal }, facts) {
    const verifier = findVerifier(config.verifier);
    const problems = allProblems(facts.problems as ProblemSets);
    const pool = verifier.isBounded === true ? undefined : new GraderPool({ entry: pathToFileURL(context.entries.grader), size: 2 });
    try {
      const missed = await selfTest(verifier, problems, { deadlineMs: graderDeadlineMs, signal, ...(pool === undefined ? {} : { pool }) });
      const [first] = missed;
      if (first === undefined) return { status: 'ok', detail: `${verifier.name} recognizes all ${problems.length} gold answers` };
      return {
        status: missed.length * 2 > problems.length ? 'failed' : 'warning',
        detail: `${verifier.name} misses ${missed.length} of ${problems.length} gold answers, first "${first.answer}" of ${first.problemId}: ${first.reason}`,
        remedy: 'Choose a verifier that fits the answers, or correct the answers.',
      };
    } finally {
      await pool?.dispose();
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

/** The sets of a run as it will read them. */
async function readSets({ config, context }: Patient): Promise<ProblemSets> {
  const read = (path: string): Promise<LoadedProblems> => readProblems(resolveDemo(path, context.demoFolder), config.data);
  return { train: await read(config.data.train), heldOut: config.data.heldOut === null ? undefined : await read(config.data.heldOut) };
}

function allProblems({ train, heldOut }: ProblemSets): readonly Problem[] {
  return [...train.problems, ...(heldOut?.problems ?? [])];
}

/** `256 (easy 64, medium 96, hard 96)`, in the order of the file. */
function counts(problems: readonly Problem[]): string {
  const byLevel = new Map<string, number>();
  for (const { level } of problems) byLevel.set(level, (byLevel.get(level) ?? 0) + 1);
  return `${problems.length} (${[...byLevel].map(([level, count]) => `${level} ${count}`).join(', ')})`;
}

/** From the first place on where the texts differ, a few characters of the one. */
function difference(text: string, other: string): string {
  const at = [...text].findIndex((character, i) => [...other][i] !== character);
  return [...text]
    .slice(at < 0 ? text.length : at)
    .slice(0, 12)
    .join('');
}
