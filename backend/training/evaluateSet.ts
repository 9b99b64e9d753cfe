/** Answers of a policy to the problems of an evaluation set, part by part, each graded by the verifier that the set names. */
import type { BenchmarkProblem } from '../data/benchmarks/benchmark.ts';
import type { Rollout, Verdict } from '../protocol/records.ts';
import type { Grader } from '../rewards/grader.ts';
import { problemMessages } from '../text/prompts.ts';
import { findVerifier } from './findPlugin.ts';
import { grade, openGrader } from './grading.ts';
import type { Policy } from './policy.ts';
import { sampleCompletions } from './sampling.ts';
import { seedAt } from './seeds.ts';
import { withTolerance } from './setTolerance.ts';

/** What is kept of one answer. */
export interface KeptAnswer extends Pick<Verdict, 'status' | 'extracted' | 'cause'> {
  readonly completion: string;
  readonly finish: Rollout['finish'];
  readonly tokens: number;
}

export interface SetRequest {
  readonly problems: readonly BenchmarkProblem[];
  /** Follows each question, in place of the run's own. */
  readonly suffix: string;
  /** Answers a problem. */
  readonly samples: number;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly seed: number;
  readonly onTokens?: (tokens: number) => void;
}

type Asked = Pick<Policy, 'config' | 'engine' | 'tokenizer' | 'contextLength' | 'signal'>;

/** Where verifiers that are not bounded in time run: opened when the first one is needed. */
export class SetGraders {
  private readonly entry: string;
  private opened: Promise<Grader | undefined> | undefined;

  /** `entry`: built file of the grader's worker. */
  constructor(entry: string) {
    this.entry = entry;
  }

  /** Undefined for one that is bounded, and runs right here. */
  async forVerifier(name: string, config: Policy['config']): Promise<Grader | undefined> {
    const verifier = findVerifier(name);
    if (verifier.isBounded === true) return undefined;
    this.opened ??= openGrader(verifier, { entry: this.entry, config });
    return this.opened;
  }

  async dispose(): Promise<void> {
    await (await this.opened)?.dispose();
  }
}

/**
 * One list of answers a problem, in order. Answers depend on the weights, the problem and the seed alone, not on which problems are asked
 * together. A problem whose prompt leaves no room for an answer counts as answered wrongly, `truncated`.
 */
export async function answerProblems(policy: Asked, graders: SetGraders, request: SetRequest): Promise<readonly (readonly KeptAnswer[])[]> {
  const { problems, samples, temperature, maxTokens, seed, suffix, onTokens } = request;
  const promptConfig = { ...policy.config.prompt, suffix };
  const prompts = problems.map(({ problem }) => policy.tokenizer.encodeConversation(problemMessages(problem, promptConfig), 'answer'));
  const fitting = problems
    .map((entry, i) => ({ ...entry, i }))
    .filter(({ i }) => (prompts[i] as readonly number[]).length + maxTokens <= policy.contextLength);
  const config = { ...policy.config, sampling: { ...policy.config.sampling, maxTokens } };
  const { sequences } = await sampleCompletions(
    { config, engine: policy.engine, tokenizer: policy.tokenizer, signal: policy.signal },
    {
      prompts: fitting.map(({ i }) => prompts[i] as readonly number[]),
      seeds: fitting.map(({ problem }) => Array.from({ length: samples }, (_, n) => seedAt(seed, 'evaluation', problem.id, n))),
      temperature,
      ...(onTokens === undefined ? {} : { onProgress: onTokens }),
    },
  );
  const answers = fitting.flatMap(({ problem, verifier, i }, at) =>
    (sequences[at] ?? []).map(({ tokens, finish }, n) => ({
      problem,
      verifier,
      place: i,
      tokens: tokens.length,
      answer: { id: `${problem.id}/${n}`, completion: policy.tokenizer.decode(tokens, { skipSpecial: true }), finish },
    })),
  );
  const verdicts = new Map<string, Verdict>();
  for (const verifier of new Set(answers.map((entry) => entry.verifier))) {
    const own = answers.filter((entry) => entry.verifier === verifier);
    const graderPool = await graders.forVerifier(verifier, policy.config);
    const judge = { config: policy.config, signal: policy.signal, verifier: findVerifier(verifier), graderPool };
    const graded = await grade(judge, own, () => undefined);
    own.forEach(({ problem, answer }, n) => verdicts.set(answer.id, withTolerance(problem, graded[n] as Verdict)));
  }
  const kept: KeptAnswer[][] = problems.map(() => []);
  for (const { answer, place, tokens } of answers) {
    const { status, extracted, cause } = verdicts.get(answer.id) as Verdict;
    kept[place]?.push({ status, extracted, cause, completion: answer.completion, finish: answer.finish, tokens });
  }
  const unasked: KeptAnswer = { status: 'wrong', extracted: null, cause: 'truncated', completion: '', finish: 'length', tokens: 0 };
  return kept.map((list) => (list.length > 0 ? list : Array.from({ length: samples }, () => unasked)));
}
