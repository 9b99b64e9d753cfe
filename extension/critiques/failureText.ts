/** A failed rollout as a document to read: whose it is, the question, the answer line by line, and what was tried. */
import type { Critique } from '../../backend/protocol/records.ts';
import type { JudgedRefinement } from '../../backend/protocol/views.ts';
import { answerLines, stepNumber } from './answerLines.ts';
import { critiqueInForce, critiquesOf, refinementsOf, type Failure } from './failure.ts';
import { visibleLabel, visibleLines } from './visibleText.ts';
import { enlistmentText, revisionText, timeText, trialText, verdictText } from './wording.ts';

export interface FailureText {
  readonly text: string;
  /** Line (from 0) of the heading above the answer. */
  readonly headingLine: number;
  /** First and last line of the answer. */
  readonly answerRange: readonly [first: number, last: number];
  /** Line of each numbered step. */
  readonly lineOfStep: ReadonlyMap<number, number>;
}

/**
 * Headings stand at the left edge and everything that a model or a dataset wrote is indented below them: no text can pass for a heading,
 * and each section folds.
 */
export function failureText(failure: Failure): FailureText {
  const { attempt, problem } = failure;
  const { rollout, verdict } = attempt;
  const answer = answerLines(rollout.completion);
  const above = [
    visibleLabel(`Problem ${problem.id} · ${problem.level}`, 200),
    `Step ${rollout.step} · answer ${rollout.index + 1} of its group · policy version ${rollout.policyVersion} · ${rollout.tokens.length} tokens`,
    `Verdict: ${visibleLabel(verdictText(verdict), 400)}`,
    `Right answer: ${visibleLabel(problem.answer, 400)}`,
    '',
    ...problem.prompt.flatMap(({ role, content }) => section(role === 'user' ? 'Question' : `Question (${role})`, visibleLines(content))),
  ];
  const headingLine = above.length;
  const firstLine = headingLine + 1;
  const body = answer.length === 1 && answer[0] === '' ? ['(empty)'] : answer;
  const finish = rollout.finish === 'length' ? ', cut off at the token limit' : '';
  const lines = [...above, ...section(`Failed answer${finish}`, body), ...tried(failure)];
  const lineOfStep = new Map<number, number>();
  answer.forEach((line, index) => {
    const step = stepNumber(line);
    if (step !== null && !lineOfStep.has(step)) lineOfStep.set(step, firstLine + index);
  });
  return { text: `${lines.join('\n').trimEnd()}\n`, headingLine, answerRange: [firstLine, firstLine + body.length - 1], lineOfStep };
}

/** An answer alone, for a diff. */
export function answerText(completion: string): string {
  return `${answerLines(completion).join('\n')}\n`;
}

/** A critique alone, for a diff. */
export function critiqueText(text: string): string {
  return `${visibleLines(text).join('\n')}\n`;
}

function tried(failure: Failure): string[] {
  const critiques = critiquesOf(failure);
  if (critiques.length === 0) return ['No critique yet: write the first with the + beside a line of the answer.'];
  const inForce = critiqueInForce(critiques);
  const refinements = refinementsOf(failure);
  return critiques.flatMap((critique) => {
    const view = failure.history.find((entry) => entry.critique.id === critique.id);
    const heading = `Critique · ${visibleLabel(revisionText(critique), 200)} · ${timeText(critique.createdAt)}${critique === inForce ? ' · in force' : ''}`;
    const outcome = [...(view?.trials ?? []).map(trialText), enlistmentText(view?.enlistment ?? null)].filter((text) => text !== null);
    const answers = refinements.filter(({ refinement }) => refinement.critiqueId === critique.id);
    return section(heading, [...critiqueBody(critique), ...outcome.map((text) => `→ ${text}`), ...answers.flatMap(refinementLines)]);
  });
}

function critiqueBody({ kind, text }: Critique): string[] {
  return kind === 'resample' && text === '' ? ['(no words: a second attempt, as a control)'] : visibleLines(text);
}

function refinementLines({ refinement, verdict }: JudgedRefinement): string[] {
  const heading = `→ refinement at policy version ${refinement.policyVersion}: ${visibleLabel(verdictText(verdict), 400)}`;
  return [heading, ...indented(answerLines(refinement.completion))];
}

function section(heading: string, lines: readonly string[]): string[] {
  return [heading, ...indented(lines), ''];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `    ${line}`));
}
