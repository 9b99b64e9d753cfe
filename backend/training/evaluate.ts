/** Scores of the policy on a fixed set of problems, and the problems it fails every time. Sampling is seeded alike at every evaluation. */
import type { EventBody } from '../protocol/events.ts';
import type { Evaluation, PersistentFailure, Problem, Rollout, Verdict } from '../protocol/records.ts';
import { evaluateScores } from './evaluateScores.ts';
import { grade, refreshVerifier } from './grading.ts';
import type { Policy } from './policy.ts';
import { sampleCompletions } from './sampling.ts';
import { seedAt } from './seeds.ts';

export interface EvaluationRequest {
  readonly set: Evaluation['set'];
  readonly step: number;
  readonly problems: readonly Problem[];
  readonly samples: number;
  readonly temperature: number;
}

export interface Evaluated {
  readonly evaluation: Evaluation;
  /** Problems with a verdict and no right sample. */
  readonly failures: readonly PersistentFailure[];
  readonly notices: readonly Extract<EventBody, { type: 'noticeRaised' }>[];
}

export async function evaluate(run: Policy, request: EvaluationRequest): Promise<Evaluated> {
  const { problems, samples, step } = request;
  const notices: Extract<EventBody, { type: 'noticeRaised' }>[] = [];
  const notice = (code: string, message: string): void => void notices.push({ type: 'noticeRaised', code, message, step });
  await refreshVerifier(run, notice);
  const prompts = problems.map((problem) => run.promptOf(problem));
  const seeds = problems.map((problem) =>
    Array.from({ length: samples }, (_, i) => seedAt(run.config.seed, request.set === 'train' ? 'failures' : 'evaluation', problem.id, i)),
  );
  const { sequences, tokensSampled } = await sampleCompletions(run, {
    prompts,
    seeds,
    temperature: request.temperature,
    onProgress: (done) => run.observer.onPhase?.(step, 'evaluate', done, undefined),
  });
  const answers = problems.flatMap((problem, p) =>
    (sequences[p] ?? []).map((sequence, index) => ({
      problem,
      answer: {
        id: `${run.id}/${step}/${request.set}/${problem.id}/${index}`,
        completion: run.tokenizer.decode(sequence.tokens, { skipSpecial: true }),
        finish: sequence.finish,
      } satisfies Pick<Rollout, 'id' | 'completion' | 'finish'>,
    })),
  );
  const verdicts = await grade(run, answers, notice);

  const byProblem = new Map<string, { verdict: Verdict; completion: string }[]>();
  answers.forEach(({ problem, answer }, i) => {
    const list = byProblem.get(problem.id) ?? [];
    list.push({ verdict: verdicts[i] as Verdict, completion: answer.completion });
    byProblem.set(problem.id, list);
  });
  const graded = problems.map((problem) => ({
    problem,
    tries: (byProblem.get(problem.id) ?? []).filter(({ verdict }) => verdict.status !== 'failed'),
  }));
  const counts = graded.map(({ problem, tries }) => ({
    level: problem.level,
    samples: tries.length,
    right: tries.filter(({ verdict }) => verdict.status === 'right').length,
  }));
  return {
    evaluation: {
      runId: run.id,
      step,
      set: request.set,
      samplesPerProblem: samples,
      temperature: request.temperature,
      ...evaluateScores(counts),
      tokensSampled,
    },
    failures: graded.flatMap(({ problem, tries }, i) =>
      tries.length > 0 && counts[i]?.right === 0 ? [failureOf(run.id, step, problem, tries)] : [],
    ),
    notices,
  };
}

function failureOf(runId: string, step: number, problem: Problem, tries: readonly { verdict: Verdict; completion: string }[]): PersistentFailure {
  const causes: Record<string, number> = {};
  for (const { verdict } of tries) if (verdict.cause !== null) causes[verdict.cause] = (causes[verdict.cause] ?? 0) + 1;
  return { runId, step, problemId: problem.id, level: problem.level, attempts: tries.length, causes, example: tries[0]?.completion ?? '' };
}
