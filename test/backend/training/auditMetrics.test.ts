/** What is counted of a step's critiques and refinements. */
import { describe, expect, it } from 'vitest';
import { verdictAnswer } from '../../../backend/critics/verdictAnswer.ts';
import { auditMetrics } from '../../../backend/training/auditMetrics.ts';
import { collectStep } from '../../../backend/training/collect.ts';
import { StepScope } from '../../../backend/training/stepScope.ts';
import { problems, scriptedRun, type ScriptedRunOptions } from '../../support/scriptedRun.ts';

async function audit(script: ScriptedRunOptions['script'], parts: NonNullable<ScriptedRunOptions['parts']> = {}): Promise<Record<string, number>> {
  const { run } = await scriptedRun({ problems: problems(1), script, parts });
  return auditMetrics(await collectStep(run, new StepScope(1, 0), run.trainProblems));
}

const none = {
  critiquesWithAnswer: 0,
  refinementsTruncated: 0,
  refinementsMuchShorter: 0,
  refinementsOfCritique: 0,
  refinementsUnchanged: 0,
  refinementsAnswerOnly: 0,
  refinementsRightUnflagged: 0,
};
const derivation = 'Step 1: 10 + 5 = 14. Answer: 14.';

describe('auditMetrics', () => {
  it('finds nothing in a sound refinement', async () => {
    expect(await audit(({ prompt }) => (prompt.endsWith('<r>') ? 'Step 1: 10 + 5 = 15. Answer: 15.' : derivation))).toEqual({
      ...none,
      refinementsRightUnflagged: 2,
    });
  });

  it('finds critiques that give the answer away, and answers without a derivation', async () => {
    const counts = await audit(({ prompt }) => (prompt.endsWith('<r>') ? 'Answer: 15.' : derivation), { critic: verdictAnswer });
    expect(counts).toEqual({ ...none, critiquesWithAnswer: 2, refinementsMuchShorter: 2 });
  });

  it('finds refinements that were cut off or speak of what nobody will see', async () => {
    expect(await audit(({ prompt }) => (prompt.endsWith('<r>') ? { cut: derivation } : derivation))).toEqual({
      ...none,
      refinementsTruncated: 2,
      refinementsUnchanged: 2,
    });
    expect(await audit(({ prompt }) => (prompt.endsWith('<r>') ? 'The critique says 15.' : derivation))).toEqual({
      ...none,
      refinementsOfCritique: 2,
    });
  });
});
