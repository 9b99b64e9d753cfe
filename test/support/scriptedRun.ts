/** A run on a scripted engine in a workspace of its own: everything else in it is real. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Event, EventBody } from '../../backend/protocol/events.ts';
import type { Problem } from '../../backend/protocol/records.ts';
import { runConfigSchema, type RunConfigInput } from '../../backend/protocol/runConfig.ts';
import { openStore } from '../../backend/store/openStore.ts';
import type { Store } from '../../backend/store/store.ts';
import { runFolder } from '../../backend/store/workspaceFolders.ts';
import { loadTokenizer } from '../../backend/text/tokenizer.ts';
import { openRun } from '../../backend/training/openRun.ts';
import type { Phase, Run, Story } from '../../backend/training/run.ts';
import { ScriptedEngine, type Completion, type Fault, type Script } from './scriptedEngine.ts';
import { temporaryFolder } from './temporaryFolder.ts';

export const demoFolder = fileURLToPath(new URL('../../media/demo', import.meta.url));
export const tokenizer = await loadTokenizer(join(demoFolder, 'model'));

/** Problem i, in words the demonstration's tokenizer knows. */
export function problem(i: number): Problem {
  return {
    id: `p${i}`,
    prompt: [{ role: 'user', content: `Ana has ${10 + i} beads. She gets 5. How many?` }],
    answer: String(15 + i),
    level: i % 2 === 0 ? 'easy' : 'hard',
    solution: { start: 10 + i, steps: [{ operator: '+', operand: 5, phrase: 'gets 5' }] },
    demonstration: `Step 1: ${10 + i} + 5 = ${15 + i}. Answer: ${15 + i}.`,
  };
}

export function problems(count: number): Problem[] {
  return Array.from({ length: count }, (_, i) => problem(i));
}

/** What becomes of one problem: R right, W wrong, C cut off before an answer; a letter a rollout, and one for each refinement of it. */
export interface Fate {
  readonly rollouts: string;
  readonly refinements?: string;
}

/** Answers problem i by its fate. A wrong answer tells which rollout it is, so that its refinement can be found. */
export function scriptOf(fates: readonly Fate[]): Script {
  return ({ prompt, index }) => {
    const i = Number(/has (\d+) beads/.exec(prompt)?.[1]) - 10;
    const { rollouts, refinements = '' } = fates[i] ?? { rollouts: 'W' };
    const refined = /Answer: (\d+)\.[^]*<r>$/.exec(prompt)?.[1];
    const letter = refined === undefined ? rollouts[index % rollouts.length] : refinements[Number(refined) - wrongAnswer];
    return completionOf(letter ?? 'W', i, index);
  };
}

export function completionOf(letter: string, i: number, index: number): Completion {
  if (letter === 'C') return { cut: `Step 1: ${10 + i} + 5` };
  return letter === 'R' ? `Step 1: ${10 + i} + 5 = ${15 + i}. Answer: ${15 + i}.` : `Answer: ${wrongAnswer + index}.`;
}

const wrongAnswer = 60;

export interface ScriptedRunOptions {
  readonly problems: readonly Problem[];
  readonly script: Script;
  readonly heldOut?: readonly Problem[];
  readonly config?: Omit<RunConfigInput, 'model' | 'data'>;
  readonly fault?: Fault;
  /** Instead of what the configuration names. */
  readonly parts?: Partial<Pick<Run, 'critic' | 'verifier' | 'contextLength' | 'store' | 'boundary'>>;
  /** Goes on in the workspace of another scripted run. */
  readonly after?: ScriptedRun;
}

export interface ScriptedRun {
  readonly run: Run;
  /** In the order they were opened. */
  readonly engines: readonly ScriptedEngine[];
  readonly engine: ScriptedEngine;
  readonly controller: AbortController;
  readonly store: Store;
  readonly workspace: string;
  readonly events: readonly Event[];
  /** Changes of phase, in order. */
  readonly phases: readonly string[];
  readonly stories: readonly Story[];
}

export async function scriptedRun(options: ScriptedRunOptions): Promise<ScriptedRun> {
  const workspace = options.after?.workspace ?? temporaryFolder();
  const store = options.after?.store ?? openStoreForTest(workspace);
  const train = writeProblems(join(workspace, 'train.jsonl'), options.problems);
  const heldOut = options.heldOut === undefined ? null : writeProblems(join(workspace, 'heldOut.jsonl'), options.heldOut);
  const config = runConfigSchema.parse({
    critic: 'verdict',
    ...options.config,
    model: { path: 'demo:model' },
    data: { train, heldOut },
    prompt: { refinement: 'conversation', ...options.config?.prompt },
    sampling: { maxTokens: 24, ...options.config?.sampling },
    algorithm: options.config?.algorithm ?? 'critique-grpo',
    switches: { nRollouts: 2, ...options.config?.switches },
    training: { steps: 1, problemsPerStep: options.problems.length, ...options.config?.training },
    evaluation: { every: 0, samples: 1, finalSamples: 1, failureAttempts: 1, ...options.config?.evaluation },
  });
  const id = 'run';
  if (store.run(id) === null) store.createRun({ id, name: id, algorithm: config.algorithm, seed: config.seed, config });

  const engines: ScriptedEngine[] = [];
  const controller = new AbortController();
  const events: Event[] = [];
  const phases: string[] = [];
  const stories: Story[] = [];
  const opened = await openRun({
    id,
    config,
    store,
    folder: runFolder(workspace, id),
    entries: { engine: '', grader: '' },
    demoFolder,
    threads: 1,
    openEngine: () => {
      const engine = new ScriptedEngine(tokenizer, options.script, options.fault);
      engines.push(engine);
      return Promise.resolve(engine);
    },
    observer: {
      onEvent: (event) => events.push(event),
      onPhase(step: number, phase: Phase) {
        if (phases.at(-1) !== `${step} ${phase}`) phases.push(`${step} ${phase}`);
      },
      onStory: (story) => stories.push(story),
    },
    signal: controller.signal,
  });
  const run = { ...opened, ...options.parts };
  return { run, engines, engine: engines[0] as ScriptedEngine, controller, store, workspace, events, phases, stories };
}

/** Events as a short text each, e.g. `groupFinished p0 mixed`. */
export function told(events: readonly { readonly body: EventBody }[]): string[] {
  return events.map(({ body }) => {
    switch (body.type) {
      case 'groupFinished':
        return `groupFinished ${body.step} ${body.problemId} ${body.kind}`;
      case 'stepFinished':
        return `stepFinished ${body.update.step}`;
      case 'evaluationFinished':
        return `evaluationFinished ${body.evaluation.step} ${body.evaluation.set}`;
      case 'checkpointSaved':
        return `checkpointSaved ${body.step}`;
      case 'noticeRaised':
        return `noticeRaised ${body.step} ${body.code}`;
      case 'runStopped':
        return `runStopped ${body.step} ${body.reason}`;
      case 'runStarted':
        return `runStarted ${body.resumedFrom ?? 'anew'}`;
      case 'critiqueRevised':
        return `critiqueRevised ${body.critiqueId}`;
      case 'critiqueEnlisted':
        return `critiqueEnlisted ${body.critiqueId} ${body.fromStep}`;
      case 'critiqueWithdrawn':
        return `critiqueWithdrawn ${body.critiqueId} ${body.untilStep}`;
      case 'trialFinished':
        return `trialFinished ${body.trialId} ${body.right}/${body.total}`;
    }
    return body satisfies never;
  });
}

export function openStoreForTest(workspace: string): Store {
  const store = openStore(workspace);
  onTestFinished(() => store.close());
  return store;
}

export function writeProblems(path: string, list: readonly Problem[]): string {
  writeFileSync(path, `${list.map((entry) => JSON.stringify(entry)).join('\n')}\n`);
  return path;
}
