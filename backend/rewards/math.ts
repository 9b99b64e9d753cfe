/** Verifier: the final answer is mathematically the gold answer. */
import type { Cause } from '../protocol/records.ts';
import { findAnswers, type Candidate } from './math/extract.ts';
import { areExactReadings, compareReadings, readAnswer, type Reading } from './math/read.ts';
import { isOrdinary, loadBudgetMs, loadSecondGrader, opinionBudgetMs, secondGrader } from './math/secondOpinion.ts';
import type { ReportPreliminary, SecondOpinion, Verifier, VerifierInput, VerifierOutcome } from './verifier.ts';

/**
 * The answer is the last `\\boxed{}` or what follows "answer is", whichever comes last; where neither is, the last formula or number.
 * What cannot be decided is wrong, with that reason. Of an answer that is wrong by more than its plain numbers a computer algebra system is asked
 * as well: its opinion changes no verdict, it goes with it to be reviewed. Where it hangs, the worker is killed and the verdict stays.
 */
export const math: Verifier = {
  name: 'math',
  summary: 'The final answer equals the gold answer mathematically: numbers, expressions, sets, intervals, equations, matrices, units, words.',
  async verify(input, report) {
    const { outcome, question } = gradeMath(input);
    const hasTime = input.options === undefined || input.options.deadlineMs >= 4 * opinionBudgetMs;
    if (question === null || report === undefined || !hasTime) return outcome;
    return { ...outcome, secondOpinion: await secondOpinion(question, outcome, report) };
  },
};

/** Two formulas that are worth a second opinion. */
interface Question {
  readonly gold: string;
  readonly answer: string;
}

/** The verdict of the own grader. */
export function gradeMath({ problem, completion, finish }: VerifierInput): { readonly outcome: VerifierOutcome; readonly question: Question | null } {
  const settled = (outcome: VerifierOutcome): { outcome: VerifierOutcome; question: null } => ({ outcome, question: null });
  const golds = goldReadings(problem.answer);
  const [gold] = golds;
  if (gold === undefined) return settled(failed(`The gold answer of ${problem.id} is empty.`));
  const found = firstReadable(findAnswers(completion), golds);
  if (found === null) {
    return settled(
      finish === 'length'
        ? wrong('truncated', null, 'The completion reached its length limit before an answer.')
        : wrong('noAnswer', null, 'The completion states no answer.'),
    );
  }
  const { candidate, reading } = found;
  const isCut = finish === 'length' && candidate.isAtEnd;
  const equalities = golds.map((entry) => compareReadings(entry, reading));
  const equality = equalities.includes('equal') ? 'equal' : equalities.includes('unknown') ? 'unknown' : 'different';
  if (equality === 'equal' && !(isCut && candidate.form !== 'whole')) return settled(right(candidate.text, problem.answer));
  if (isCut) return settled(wrong('truncated', candidate.text, 'The completion reached its length limit inside the answer.'));
  const isWorthAsking = isOrdinary(gold.text) && isOrdinary(reading.text) && !areExactReadings(gold, reading);
  const question = isWorthAsking ? { gold: gold.text, answer: reading.text } : null;
  if (reading.nodes.length === 0) {
    const problemText = reading.problem ?? 'it is empty';
    const reason = `${quoted(candidate.text)} is not ${quoted(problem.answer)}, and no formula: ${problemText}.`;
    return { outcome: wrong('unparsable', candidate.text, reason), question };
  }
  const undecided = equality === 'unknown' ? ' as far as can be decided' : '';
  return {
    outcome: wrong('wrongValue', candidate.text, `The answer ${quoted(candidate.text)} is not ${quoted(problem.answer)}${undecided}.`),
    question,
  };
}

async function secondOpinion({ gold, answer }: Question, outcome: VerifierOutcome, report: ReportPreliminary): Promise<SecondOpinion> {
  const withoutOpinion: VerifierOutcome = { ...outcome, secondOpinion: { grader: secondGrader, status: 'failed', reason: 'It came to no end.' } };
  report(withoutOpinion, loadBudgetMs);
  const ask = await loadSecondGrader();
  report(withoutOpinion, opinionBudgetMs);
  return ask(gold, answer);
}

/** The gold answer as it stands, and of a whole solution or a sentence what it states. */
function goldReadings(answer: string): readonly Reading[] {
  if (answer.trim() === '') return [];
  const whole = readAnswer(answer);
  const hasBox = /\\f?boxed/u.test(answer);
  if (whole.nodes.length > 0 && !hasBox) return [whole];
  const isMarked = hasBox || /\$|\\[([]|\banswer\b/iu.test(answer);
  // Of several numbers in words nobody knows which is meant.
  if (!isMarked && (answer.match(/\d+/gu)?.length ?? 0) !== 1) return [whole];
  const stated = firstReadable(findAnswers(answer))?.reading;
  return stated === undefined ? [whole] : [stated, whole];
}

interface Found {
  readonly candidate: Candidate;
  readonly reading: Reading;
}

/**
 * The first candidate that is a formula, or says the gold answer word by word; without any, the first that is marked as the answer and may be one
 * in words.
 */
function firstReadable(candidates: readonly Candidate[], golds: readonly Reading[] = []): Found | null {
  let words: Found | null = null;
  for (const candidate of candidates) {
    const reading = readAnswer(candidate.text);
    const isVerbatim = candidate.form !== 'number' && golds.some(({ plain }) => plain !== '' && plain === reading.plain);
    if (reading.nodes.length > 0 || isVerbatim) return words?.candidate.form === 'boxed' ? words : { candidate, reading };
    if (candidate.form === 'boxed' || candidate.form === 'stated' || candidate.form === 'whole') words ??= { candidate, reading };
  }
  return words;
}

function right(extracted: string, gold: string): VerifierOutcome {
  return {
    status: 'right',
    reward: 1,
    extracted: shortened(extracted),
    reason: `The answer ${quoted(extracted)} equals ${quoted(gold)}.`,
    cause: null,
  };
}

function wrong(cause: Cause, extracted: string | null, reason: string): VerifierOutcome {
  return { status: 'wrong', reward: 0, extracted: extracted === null ? null : shortened(extracted), reason, cause };
}

function failed(reason: string): VerifierOutcome {
  return { status: 'failed', reward: 0, extracted: null, reason, cause: 'verifierFailed' };
}

function quoted(text: string): string {
  return `"${shortened(text)}"`;
}

function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
