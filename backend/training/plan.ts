/** What a run comes to before anything starts: its arithmetic, its size, the memory it needs, and what would stop or harm it. */
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import type { Algorithm } from '../algorithms/algorithm.ts';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { critics } from '../critics/index.ts';
import type { ProblemSets } from '../data/problemSets.ts';
import { availableBytes } from '../engine/local/memoryBudget.ts';
import { sizeOf } from '../graph/ir.ts';
import { parameterCount } from '../models/estimate.ts';
import { readModelConfig } from '../models/folder.ts';
import { adapterSpecs } from '../models/lora.ts';
import type { Problem } from '../protocol/records.ts';
import type { RunConfig, Switches } from '../protocol/runConfig.ts';
import type { CriticView } from '../protocol/criticViews.ts';
import type { PresetView, RunPlan } from '../protocol/views.ts';
import { isOwnFunction } from '../rewards/ownFunction/ownFunction.ts';
import { splitMarks, splitMarksWarnings } from '../text/templateMarks.ts';
import { loadTokenizer } from '../text/tokenizer.ts';
import { lostCharactersWarnings } from '../text/tokenizerPieces.ts';
import { dataLines, dataSetWarnings } from './dataPlan.ts';
import { promptCounter, readRunData } from './dataSets.ts';
import { criticModelBytes } from './criticMemory.ts';
import { findCritic, findVerifier } from './findPlugin.ts';
import { verifierWarnings } from './grading.ts';
import { counted, groupLines, longestTrainedPrompt } from './groupArithmetic.ts';
import { bytesText, estimateRunMemory, memoryAdvice, memoryRemedy, sequencesAtOnce } from './memory.ts';
import { nameOf } from './newRun.ts';
import { requireData } from './openRun.ts';
import { maxPositions } from './policy.ts';
import { presets, type Preset } from './presets.ts';
import { requireRemoteRun } from './remoteEngine.ts';
import { resolveModel } from './sources.ts';
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
  readonly sets: ProblemSets;
  readonly contextLength: number;
  readonly longestPrompt: { readonly id: string; readonly tokens: number };
  readonly needed: number;
  readonly available: number;
  /** What would make it fit. */
  readonly adviseMemory: () => string;
}

/** Reads the model's configuration, the tokenizer and the data; loads no weights. Throws what reading them and unknown names throw. */
export async function planRun(asked: RunConfig, { demoFolder, available = availableBytes() }: PlanOptions): Promise<RunPlan> {
  const algorithm = findAlgorithm(asked.algorithm);
  const critic = findCritic(asked.critic);
  const verifier = findVerifier(asked.verifier);
  const switches = switchesOf(asked);
  const { folder: modelFolder, tokenizerFolder, config } = await resolveModel(asked, { demoFolder, part: 'description' });
  const { config: model } = await readModelConfig(modelFolder);
  const tokenizer = await loadTokenizer(tokenizerFolder);
  const sets = await readRunData(config, { demoFolder });
  const longestPrompt = findLongestPrompt([...sets.train, ...sets.heldOut], promptCounter(tokenizer, config.prompt));
  const criticBytes = algorithm.needs.critiques ? await criticModelBytes(critic, config, longestPrompt.tokens, demoFolder) : 0;
  const longestTrained = longestTrainedPrompt({ algorithm, switches, config }, longestPrompt.tokens);
  const sequences = sequencesAtOnce(config, switches, { train: sets.train.length, heldOut: sets.heldOut.length });
  const totalOf = (changed: RunConfig): number => estimateRunMemory(changed, switches, model, longestTrained, sequences).total + criticBytes;
  const needed = totalOf(config);
  const parameters = parameterCount(model);
  const { lora } = config.model;
  const surveyed = {
    config,
    algorithm,
    switches,
    sets,
    contextLength: Math.min(model.maxPositions, maxPositions),
    longestPrompt,
    needed,
    available,
    adviseMemory: () => memoryAdvice(config, model, { available, longest: longestTrained + config.sampling.maxTokens, totalOf }),
  };
  return {
    config,
    name: nameOf(config),
    algorithm: algorithm.name,
    critic: algorithm.needs.critiques ? critic.name : null,
    parameters,
    trainableParameters: lora === null ? parameters : adapterSpecs(model, lora).reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    trainProblems: sets.train.length,
    heldOutProblems: sets.heldOut.length,
    data: dataLines({ data: config.data, sets }),
    arithmetic: [...arithmeticOf(surveyed), ...(isOwnFunction(verifier) ? [`rewards: ${verifier.summary}`] : [])],
    memory: { needed, available },
    warnings: [
      ...dataWarnings(surveyed),
      ...(await verifierWarnings(verifier, config, sets.train)),
      ...groupWarnings(surveyed),
      ...contextWarnings(surveyed),
      ...memoryWarnings(surveyed),
      ...splitMarksWarnings(splitMarks(tokenizer)),
      ...lostCharactersWarnings(
        tokenizer,
        sets.train.slice(0, 100).map(({ prompt }) => prompt.at(-1)?.content ?? ''),
      ),
      ...(tokenizer.stopTokens.length > 0
        ? []
        : ['The model folder names no end token, so every completion would run to its limit. Add "eos_token_id" to its generation_config.json.']),
    ],
  };
}

/** Of many problems only the longest texts are counted in tokens; the run counts all when it starts. */
const mostCounted = 1000;

function findLongestPrompt(problems: readonly Problem[], tokensOf: (problem: Problem) => number): Surveyed['longestPrompt'] {
  const lengthOf = ({ prompt }: Problem): number => prompt.reduce((sum, { content }) => sum + content.length, 0);
  const longest = problems.length <= mostCounted ? problems : [...problems].sort((a, b) => lengthOf(b) - lengthOf(a)).slice(0, mostCounted);
  let found = { id: '', tokens: 0 };
  for (const problem of longest) {
    const tokens = tokensOf(problem);
    if (tokens > found.tokens) found = { id: problem.id, tokens };
  }
  return found;
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

/** The critics as people choose from them. */
export function criticViews(): CriticView[] {
  return Object.entries(critics).map(([key, { summary, needs }]) => ({
    key,
    summary,
    needs: [
      ...(needs.solution ? ['reference solutions by steps'] : []),
      ...(needs.generation ? ['asks the policy'] : []),
      ...(needs.model === 'endpoint' ? ['asks a model at an endpoint'] : needs.model === 'folder' ? ['asks another local model'] : []),
    ],
    model: needs.model ?? null,
  }));
}

function arithmeticOf({ config, algorithm, switches, sets: { train, heldOut } }: Surveyed): string[] {
  const { every, samples, finalSamples, failureAttempts } = config.evaluation;
  const lines = groupLines({ algorithm, switches, config, nTrainProblems: train.length });
  if (heldOut.length > 0) {
    const size = counted(heldOut.length, 'held-out problem');
    lines.push(`${size} × ${finalSamples} answers before and after${every > 0 ? `, × ${samples} every ${every} steps` : ''}`);
  }
  lines.push(`${counted(train.length, 'training problem')} × ${failureAttempts} answers before and after, to count what fails every time`);
  return lines;
}

function dataWarnings({ config, algorithm, switches, sets }: Surveyed): string[] {
  const warnings: string[] = [];
  try {
    requireRemoteRun({ config, algorithm, switches });
    requireData(algorithm, findCritic(config.critic), sets.train, config);
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error;
    warnings.push(messageOf(error));
  }
  if (config.training.problemsPerStep > sets.train.length) {
    warnings.push(`A step takes ${config.training.problemsPerStep} problems, but there are ${sets.train.length}. Lower training.problemsPerStep.`);
  }
  return [...warnings, ...dataSetWarnings(sets)];
}

function groupWarnings({ config, algorithm, switches }: Surveyed): string[] {
  const { nRollouts, kRefinements, critiquesPerProblem } = switches;
  const pair = [true, false].map((isRight) => ({ origin: 'policy' as const, reward: isRight ? 1 : 0, isRight, hasTeacher: algorithm.needs.teacher }));
  // Imitation takes no notice of wrong rollouts; whoever learns from a difference pushes them down.
  const isComparing = algorithm.needs.rollouts && (algorithm.credit(pair, switches)[1]?.advantage ?? 0) < 0;
  const warnings: string[] = [];
  if (isComparing && nRollouts === 1) {
    warnings.push(
      'With 1 rollout a problem there is nothing to compare it with: its advantage is 0 unless a refinement joins. Raise switches.nRollouts.',
    );
  }
  if (isComparing && nRollouts > 1 && config.sampling.temperature === 0) {
    warnings.push('At temperature 0 all rollouts of a problem are the same, so nothing is learned from them. Set sampling.temperature to 1.');
  }
  if (algorithm.needs.refinements && kRefinements === 0) {
    warnings.push(
      'No refinement ever joins a group, so critiques are written for nothing. Set switches.kRefinements to 1, or choose the algorithm dr-grpo.',
    );
  } else if (algorithm.needs.refinements && critiquesPerProblem < kRefinements) {
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

function memoryWarnings({ needed, available, adviseMemory }: Surveyed): string[] {
  const need = `The run needs about ${bytesText(needed)} of memory; ${bytesText(available)} are there.`;
  if (needed > available) return [`${need} It will not start. ${adviseMemory()}`];
  return needed > 0.7 * available ? [`${need} That is tight. ${memoryRemedy}`] : [];
}
