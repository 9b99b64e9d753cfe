/** An experiment on scripted engines in a workspace of its own: everything else in it is real. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSets } from '../../../backend/experiments/benchmarkAnswers.ts';
import { ExperimentFolder } from '../../../backend/experiments/experimentFolder.ts';
import { parseExperimentFile } from '../../../backend/experiments/experimentFile.ts';
import { planExperiment, type ExperimentPlan } from '../../../backend/experiments/grid.ts';
import { LocalHost } from '../../../backend/experiments/localHost.ts';
import { runExperiment, type ExperimentObserver } from '../../../backend/experiments/runExperiment.ts';
import type { ExperimentFileInput } from '../../../backend/protocol/experiment.ts';
import { openStore } from '../../../backend/store/openStore.ts';
import { SetGraders } from '../../../backend/training/evaluateSet.ts';
import { ScriptedEngine, type Fault, type Script } from '../../support/scriptedEngine.ts';
import { completionOf, demoFolder, problem, problems, scriptOf, tokenizer, writeProblems } from '../../support/scriptedRun.ts';

/** Answers depend on the weights, so that a repeated or forgotten step would show. */
export const script: Script = (asked) => {
  if (asked.prompt.includes('boxed')) {
    const i = Number(/has (\d+) beads/.exec(asked.prompt)?.[1]) - 10;
    return `\\boxed{${(asked.seed + i) % 3 === 0 ? 15 + i : 70 + (asked.seed % 2)}}`;
  }
  if (asked.prompt.includes('<r>')) return scriptOf(problems(4).map(() => ({ rollouts: 'WR', refinements: 'RR' })))(asked);
  const i = Number(/has (\d+) beads/.exec(asked.prompt)?.[1]) - 10;
  const isRight = (asked.seed + Number.parseInt(asked.weights.slice(0, 4), 16)) % 3 === 0;
  return completionOf(isRight ? 'R' : 'W', i, asked.index % 2);
};

/** Settings that fit the scripted engine. */
export const scriptedSettings = {
  'model.path': 'demo:model',
  'data.train': 'train.jsonl',
  'data.heldOut': 'heldOut.jsonl',
  'prompt.refinement': 'conversation',
  'sampling.maxTokens': 24,
  algorithm: 'critique-grpo',
  critic: 'verdict',
  'switches.nRollouts': 2,
  'switches.trigger': 'anyWrong',
  'training.steps': 3,
  'training.problemsPerStep': 2,
  'evaluation.every': 1,
  'evaluation.samples': 1,
  'evaluation.finalSamples': 1,
  'evaluation.failureAttempts': 2,
  'checkpoint.every': 2,
} as const;

export function gridFile(parts: Partial<ExperimentFileInput> = {}): ExperimentFileInput {
  return {
    name: 'grid',
    axes: { 'switches.shapingGamma': [0.1, null] },
    seeds: [0, 1],
    ...parts,
    base: { set: { ...scriptedSettings, ...parts.base?.set } },
  };
}

/** The files that an experiment of `gridFile` names, and its plan. */
export function preparePlan(folder: string, parts: Partial<ExperimentFileInput> = {}): ExperimentPlan {
  mkdirSync(folder, { recursive: true });
  writeProblems(join(folder, 'train.jsonl'), problems(4));
  writeProblems(join(folder, 'heldOut.jsonl'), problems(6).slice(4));
  const rows = [0, 1, 2, 3, 4, 5].map((i) => ({
    problem: problem(i).prompt[0]?.content,
    answer: problem(i).answer,
    level: 1 + (i % 2),
    unique_id: `t/${i}`,
  }));
  writeFileSync(join(folder, 'math500.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const path = join(folder, 'grid.experiment.json');
  const text = `// A comment\n${JSON.stringify(gridFile(parts), null, 2)}`;
  writeFileSync(path, text);
  return planExperiment({ definition: parseExperimentFile(path, text), path });
}

export interface SessionOptions {
  readonly plan: ExperimentPlan;
  readonly workspace: string;
  /** Gets how often its method was called over all engines of the session. */
  readonly fault?: Fault;
  readonly controller?: AbortController;
  readonly observer?: ExperimentObserver;
  readonly graderEntry?: string;
}

/** One start of the experiment until it ends or pauses. */
export async function runSession({
  plan,
  workspace,
  fault,
  controller = new AbortController(),
  observer,
  graderEntry = '',
}: SessionOptions): Promise<'finished' | 'paused'> {
  const store = openStore(workspace, { clock: () => 0 });
  const calls = new Map<string, number>();
  const host = new LocalHost({
    ...{ store, workspace, entries: { engine: '', grader: graderEntry }, demoFolder, threads: 1, observer: {}, signal: controller.signal },
    openEngine: () =>
      Promise.resolve(
        new ScriptedEngine(tokenizer, script, (method) => {
          const earlier = calls.get(method) ?? 0;
          calls.set(method, earlier + 1);
          fault?.(method, earlier);
        }),
      ),
  });
  const graders = new SetGraders(graderEntry);
  try {
    const sets = await loadSets(plan.definition.benchmarks, (path) => Promise.resolve(path));
    const folder = new ExperimentFolder(workspace, plan.definition.name);
    await folder.keep(plan, undefined);
    return await runExperiment({ plan, folder, host, sets, graders, signal: controller.signal, ...(observer === undefined ? {} : { observer }) });
  } finally {
    store.close();
    await graders.dispose();
  }
}

/** Every file of the report. */
export function reportFiles(workspace: string): Record<string, string> {
  const folder = new ExperimentFolder(workspace, 'grid').reportFolder;
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}
