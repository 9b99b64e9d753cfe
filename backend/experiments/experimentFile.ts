/** Reads an experiment file (`*.experiment.json`, comments and trailing commas are fine). */
import { findNodeAtLocation, getNodeValue, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { z } from 'zod';
import { WorkbenchError } from '../core/errors.ts';
import { experimentFileSchema, type ExperimentFile } from '../protocol/experiment.ts';

/** Throws `experiment.invalid` naming the line of everything that is wrong. */
export function parseExperimentFile(path: string, text: string): ExperimentFile {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) throw invalid([`${path}:${lineAt(text, error.offset)} ${printParseErrorCode(error.error)}`]);
  if (tree === undefined) throw invalid([`${path} is empty`]);
  const parsed = experimentFileSchema.safeParse(getNodeValue(tree));
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map((issue) => issueText(path, text, tree, issue)));
}

function issueText(path: string, text: string, tree: Node, issue: z.core.$ZodIssue): string {
  const at = issue.path as (string | number)[];
  const place = issue.code === 'unrecognized_keys' ? [...at, issue.keys[0] as string] : at;
  const node = findNodeAtLocation(tree, place) ?? tree;
  const problem = issue.code === 'unrecognized_keys' ? 'there is no such setting' : issue.message;
  return `${path}:${lineAt(text, node.offset)} ${place.join('.') || 'the experiment'}: ${problem}`;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function invalid(problems: readonly string[]): WorkbenchError {
  return new WorkbenchError({
    code: 'experiment.invalid',
    message: `The experiment file is not valid:${problems.map((problem) => `\n  ${problem}`).join('')}\n`,
    remedy: 'Correct the experiment file.',
  });
}
