/** The worker's side of grading: answers requests one by one from a registry of verifiers. */
import type { MessagePort } from 'node:worker_threads';
import { messageOf } from '../core/errors.ts';
import { checkOutcome, failedOutcome } from './grade.ts';
import type { GraderReply, GraderRequest } from './graderMessages.ts';
import type { ReportPreliminary, Verifier, VerifierOutcome } from './verifier.ts';

export function serveGrader(port: MessagePort, verifiers: Readonly<Record<string, Verifier>>): void {
  const reply = (message: GraderReply): void => port.postMessage(message);
  port.on('message', (request: GraderRequest) => {
    void grade(request, verifiers, (outcome, budgetMs) => reply({ type: 'preliminary', outcome, budgetMs })).then((outcome) =>
      reply({ type: 'graded', outcome }),
    );
  });
  reply({ type: 'ready' });
}

async function grade(
  { verifier: name, input }: GraderRequest,
  verifiers: Readonly<Record<string, Verifier>>,
  report: ReportPreliminary,
): Promise<VerifierOutcome> {
  const verifier = verifiers[name] ?? Object.values(verifiers).find((candidate) => candidate.name === name);
  if (verifier === undefined) return failedOutcome(`The grader knows no verifier "${name}".`);
  try {
    // Checked here too, so that only plain data goes through the port.
    return checkOutcome(await verifier.verify(input, report));
  } catch (error) {
    return failedOutcome(`The verifier threw: ${messageOf(error)}`);
  }
}
