/** What a run comes to before anything starts: its arithmetic, its size, the memory it needs, and what would stop or harm it. */
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import type { Algorithm } from '../algorithms/algorithm.ts';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { readProblems, type LoadedProblems } from '../data/jsonl.ts';
import { availableBytes } from '../engine/local/memoryBudget.ts';
import { sizeOf } from '../graph/ir.ts';
import { parameterCount } from '../models/estimate.ts';
import { readModelConfig } from '../models/folder.ts';
import { adapterSpecs } from '../models/lora.ts';
import type { Problem } from '../protocol/records.ts';
import type { RunConfig, Switches } from '../protocol/runConfig.ts';
import type { PresetView, RunPlan } from '../protocol/views.ts';
import { problemMessages } from '../text/prompts.ts';
import { loadTokenizer } from '../text/tokenizer.ts';
import { findCritic, findVerifier } from './findPlugin.ts';
import { bytesText, estimateRunMemory, memoryRemedy } from './memory.ts';
import { nameOf } from './newRun.ts';
import { requireData } from './openRun.ts';
import { maxPositions, resolveDemo } from './policy.ts';
import { presets, type Preset } from './presets.ts';
import { switchesOf } from './switches.ts';

export interface PlanOptions {
  readonly demoFolder: string;
  /** What the machine has left, for tests. */
  readonly available?: number;
}

/** Everything that warnings are made from. */
interface Surveyed {
  readonly config: RunConfig;
  readonly algorithm: Algorithm;
  readonly switches: Switches;
  readonly train: LoadedProblems;
  readonly heldOut: LoadedProblems | undefined;
  readonly contextLength: number;
  readonly longestPrompt: { readonly id: string; readonly tokens: number };
  readonly needed: number;
  readonly available: number;
}

/** Reads the model's configuration, the tokenizer and the data; loads no weights. Throws what reading them and unknown names throw. */
export async function planRun(config: RunConfig, { demoFolder, available = availableBytes() }: PlanOptions): Promise<RunPlan> {
  const algorithm = findAlgorithm(config.algorithm);
  const critic = findCritic(config.critic);
  findVerifier(config.verifier);
  const switches = switchesOf(config);
  const modelFolder = resolveDemo(config.model.path, demoFolder);
  const { config: model } = await readModelConfig(modelFolder);
  const tokenizer = await loadTokenizer(modelFolder);
  const read = (path: string): Promise<LoadedProblems> => readProblems(resolveDemo(path, demoFolder), config.data);
  const train = await read(config.data.train);
  const heldOut = config.data.heldOut === null ? undefined : await read(config.data.heldOut);

  let longestPrompt = { id: '', tokens: 0 };
  for (const problem of [...train.problems, ...(heldOut?.problems ?? [])]) {
    const tokens = tokenizer.encodeConversation(problemMessages(problem, config.prompt), 'answer').length;
    if (tokens > longestPrompt.tokens) longestPrompt = { id: problem.id, tokens };
  }
  const needed = estimateRunMemory(config, switches, model, longestPrompt.tokens).total;
  const parameters = parameterCount(model);
  const { lora } = config.model;
  const surveyed = {
    config,
    algorithm,
    switches,
    train,
    heldOut,
    contextLength: Math.min(model.maxPositions, maxPositions),
    longestPrompt,
    needed,
    available,
  };
  return {
    config,
    name: nameOf(config),
    algorithm: algorithm.name,
    critic: algorithm.needs.critiques ? critic.name : null,
    parameters,
    trainableParameters: lora === null ? parameters : adapterSpecs(model, lora).reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    trainProblems: train.problems.length,
    heldOutProblems: heldOut?.problems.length ?? 0,
    arithmetic: arithmeticOf(surveyed),
    memory: { needed, available },
    warnings: [
      ...dataWarnings(surveyed),
      ...groupWarnings(surveyed),
      ...contextWarnings(surveyed),
      ...memoryWarnings(surveyed),
      ...(tokenizer.stopTokens.length > 0
        ? []
        : ['The model folder names no end token, so every completion would run to its limit. Add "eos_token_id" to its generation_config.json.']),
    ],
  };
}

/** The presets as people choose from them. */
export function presetViews(): PresetView[] {
  return Object.entries<Preset>(presets).map(([name, { summary, config }]) => ({
    name,
    summary,
    isComplete: config.model !== undefined && config.data !== undefined,
    config,
  }));
}

function arithmeticOf({ config, algorithm, switches, train, heldOut }: Surveyed): string[] {
  const { steps, updatesPerStep } = config.training;
  const { nRollouts, kRefinements, critiquesPerProblem } = switches;
  const problems = Math.min(config.training.problemsPerStep, train.problems.length);
  const { every, samples, finalSamples, failureAttempts } = config.evaluation;
  const n = algorithm.needs.rollouts ? nRollouts : 0;
  const k = algorithm.needs.critiques ? Math.min(kRefinements, critiquesPerProblem) : 0;
  const demonstrations = algorithm.needs.demonstrations ? 1 : 0;
  const members = [
    ...(n > 0 ? [counted(n, 'rollout')] : []),
    ...(k > 0 ? [`up to ${counted(k, 'refinement')}`] : []),
    ...(demonstrations > 0 ? ['1 demonstration'] : []),
  ];
  const total = problems * (n + k + demonstrations);
  const passes = (steps * problems) / Math.max(1, train.problems.length);
  const lines = [
    `${counted(problems, 'problem')} × (${members.join(' + ')}) = ${k > 0 ? 'up to ' : ''}${counted(total, 'sequence')} a step, trained in ${counted(updatesPerStep, 'update')}`,
  ];
  if (algorithm.needs.critiques && critiquesPerProblem > 0) {
    const most = problems * critiquesPerProblem;
    lines.push(
      `up to ${counted(problems, 'problem')} × ${critiquesPerProblem} = ${counted(most, 'critique')} a step, each refined once; at most ${kRefinements} a problem ${kRefinements === 1 ? 'joins' : 'join'} the group`,
    );
  }
  lines.push(
    `${counted(steps, 'step')} × ${problems} = ${counted(steps * problems, 'group')}: ${passes.toFixed(1)} passes over ${counted(train.problems.length, 'problem')}`,
  );
  if (heldOut !== undefined) {
    const size = counted(heldOut.problems.length, 'held-out problem');
    lines.push(`${size} × ${finalSamples} answers before and after${every > 0 ? `, × ${samples} every ${every} steps` : ''}`);
  }
  lines.push(`${counted(train.problems.length, 'training problem')} × ${failureAttempts} answers before and after, to count what fails every time`);
  return lines;
}

function dataWarnings({ config, algorithm, train, heldOut }: Surveyed): string[] {
  const warnings: string[] = [];
  try {
    requireData(algorithm, findCritic(config.critic), train.problems, config);
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error;
    warnings.push(messageOf(error));
  }
  const skipped = [...train.skipped, ...(heldOut?.skipped ?? [])];
  const [first] = skipped;
  if (first !== undefined)
    warnings.push(
      `${counted(skipped.length, 'broken row')} ${skipped.length === 1 ? 'is' : 'are'} left out, the first on line ${first.line}: ${first.reason}. Correct them.`,
    );
  if (config.training.problemsPerStep > train.problems.length) {
    warnings.push(
      `A step takes ${config.training.problemsPerStep} problems, but there are ${train.problems.length}. Lower training.problemsPerStep.`,
    );
  }
  if (heldOut === undefined) {
    warnings.push('There is no held-out set, so learning cannot be told from memorizing. Name problems that are not trained on as data.heldOut.');
  } else {
    const questions = new Set(train.problems.map(questionOf));
    const shared = heldOut.problems.filter((problem) => questions.has(questionOf(problem))).length;
    if (shared > 0)
      warnings.push(
        `${counted(shared, 'held-out problem')} ${shared === 1 ? 'is' : 'are'} also trained on, which makes the held-out score too good. Remove them from one file.`,
      );
  }
  return warnings;
}

function groupWarnings({ config, algorithm, switches }: Surveyed): string[] {
  const { nRollouts, kRefinements, critiquesPerProblem } = switches;
  const warnings: string[] = [];
  if (algorithm.needs.rollouts && nRollouts === 1) {
    warnings.push(
      'With 1 rollout a problem there is nothing to compare it with: its advantage is 0 unless a refinement joins. Raise switches.nRollouts.',
    );
  }
  if (algorithm.needs.rollouts && nRollouts > 1 && config.sampling.temperature === 0) {
    warnings.push('At temperature 0 all rollouts of a problem are the same, so nothing is learned from them. Set sampling.temperature to 1.');
  }
  if (algorithm.needs.critiques && kRefinements === 0) {
    warnings.push(
      'No refinement ever joins a group, so critiques are written for nothing. Set switches.kRefinements to 1, or choose the algorithm dr-grpo.',
    );
  } else if (algorithm.needs.critiques && critiquesPerProblem < kRefinements) {
    warnings.push(
      `${counted(critiquesPerProblem, 'critique')} a problem cannot give ${counted(kRefinements, 'refinement')}. Raise switches.critiquesPerProblem.`,
    );
  }
  return warnings;
}

function contextWarnings({ config, algorithm, contextLength, longestPrompt: { id, tokens } }: Surveyed): string[] {
  const { maxTokens } = config.sampling;
  if (tokens + maxTokens > contextLength) {
    return [
      `Problem ${id} has a prompt of ${tokens} tokens; with an answer of ${maxTokens} that is more than the model's context of ${contextLength}. Lower sampling.maxTokens, or shorten or remove the problem.`,
    ];
  }
  // A refinement's prompt holds the problem and an answer, and a second answer follows.
  if (algorithm.needs.critiques && tokens + 2 * maxTokens >= contextLength) {
    return [
      `A long answer leaves no room for its refinement: a prompt of ${tokens} tokens and two answers of ${maxTokens} fill the context of ${contextLength}. Lower sampling.maxTokens.`,
    ];
  }
  return [];
}

function memoryWarnings({ needed, available }: Surveyed): string[] {
  const need = `The run needs about ${bytesText(needed)} of memory; ${bytesText(available)} are there.`;
  if (needed > available) return [`${need} It will not start. ${memoryRemedy}`];
  return needed > 0.7 * available ? [`${need} That is tight. ${memoryRemedy}`] : [];
}

function questionOf({ prompt }: Problem): string {
  return JSON.stringify(prompt);
}

/** `1 step`, `1,280 groups`. */
function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
