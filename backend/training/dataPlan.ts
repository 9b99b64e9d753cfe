/** What is said of a run's problems before it starts: how they were read, and what would harm the run. */
import { basename } from 'node:path';
import { mappingText } from '../data/mapping.ts';
import { findOverlaps } from '../data/overlap.ts';
import type { ProblemSets } from '../data/problemSets.ts';
import { placeOf, type LoadedProblems } from '../data/readProblems.ts';
import { questionOf } from '../data/textHash.ts';
import type { DataConfig } from '../protocol/dataConfig.ts';
import { counted } from './groupArithmetic.ts';

/** Lines such as `4,000 problems of train.parquet read as verl: prompt from prompt, answer from reward_model.ground_truth`. */
export function dataLines({ data, sets }: { readonly data: DataConfig; readonly sets: ProblemSets }): string[] {
  const { train, heldOut, read, heldOutRead, filteredOut } = sets;
  const lines = [readLine(read)];
  if (filteredOut > 0) lines.push(`data.filter leaves out ${counted(filteredOut, 'problem')}`);
  if (data.split !== null) lines.push(`${counted(heldOut.length, 'problem')} of them held out by data.split, seed ${data.seed}`);
  if (data.limit !== null) lines.push(`${counted(train.length, 'problem')} of them trained on by data.limit, seed ${data.seed}`);
  if (heldOutRead !== null) lines.push(`held out: ${readLine(heldOutRead)}`);
  return lines;
}

function readLine({ problems, files, mapping }: LoadedProblems): string {
  const [first] = files;
  const name = first === undefined ? '' : ` of ${basename(first.path)}${files.length > 1 ? ` and ${counted(files.length - 1, 'more file')}` : ''}`;
  return `${counted(problems.length, 'problem')}${name} read as ${mappingText(mapping)}`;
}

/** With a remedy each; empty when all is well. */
export function dataSetWarnings({ train, heldOut, skipped }: Pick<ProblemSets, 'train' | 'heldOut' | 'skipped'>): string[] {
  const warnings: string[] = [];
  const [first] = skipped;
  if (first !== undefined) {
    const isOne = skipped.length === 1;
    warnings.push(
      `${counted(skipped.length, 'broken row')} ${isOne ? 'is' : 'are'} left out, ${isOne ? '' : 'the first '}at ${placeOf(first)}: ${first.reason}. Correct ${isOne ? 'it' : 'them'}.`,
    );
  }
  const repeated = train.length - new Set(train.map(questionOf)).size;
  if (repeated > 0) {
    warnings.push(
      `${counted(repeated, 'training problem')} ${repeated === 1 ? 'asks' : 'ask'} what an earlier one asks, and will be trained on more often. Set data.filter.distinct to keep one of each.`,
    );
  }
  return [...warnings, ...overlapWarnings(train, heldOut)];
}

function overlapWarnings(train: ProblemSets['train'], heldOut: ProblemSets['heldOut']): string[] {
  if (heldOut.length === 0) {
    return [
      'There is no held-out set, so learning cannot be told from memorizing. Name problems that are not trained on as data.heldOut, or hold some out with data.split.',
    ];
  }
  const overlaps = findOverlaps(train, heldOut);
  const same = overlaps.filter(({ similarity }) => similarity === 1);
  const [near, ...others] = overlaps.filter(({ similarity }) => similarity < 1);
  const warnings: string[] = [];
  if (same.length > 0) {
    warnings.push(
      `${counted(same.length, 'held-out problem')} ${same.length === 1 ? 'is' : 'are'} also trained on, which makes the held-out score too good. Remove them from one file.`,
    );
  }
  if (near !== undefined) {
    warnings.push(
      `${counted(others.length + 1, 'held-out problem')} ${others.length === 0 ? 'is' : 'are'} nearly the same as a training problem, for example ${near.problem.id} as ${near.twin.id}. Compare them, and remove copies from one file.`,
    );
  }
  return warnings;
}
