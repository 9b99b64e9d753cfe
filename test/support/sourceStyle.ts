/** Rules of style that are about a file as text, and that neither the compiler nor lint knows. */
import { posix } from 'node:path';
import type { SourceTree } from './layers.ts';

const maxLines = 400;
const vagueNames = /^(utils?|helpers?|misc|common|stuff)$/i;

/** One line a broken rule. */
export function styleProblems(tree: SourceTree): string[] {
  const problems: string[] = [];
  for (const [path, text] of tree) {
    const lines = text.trimEnd().split('\n');
    const name = posix.basename(path, '.ts');
    if (lines.length > maxLines) problems.push(`${path} has ${lines.length} lines (at most ${maxLines}): what is its second idea?`);
    if (!/^(\/\*\*|\/\/|#!)/.test(text)) problems.push(`${path}:1 does not say in a comment what the file is`);
    if (!/^[a-z][A-Za-z0-9]*(\.d)?$/.test(name)) problems.push(`${path} is not named in camelCase`);
    if (vagueNames.test(name)) problems.push(`${path} is named after no idea`);
    lines.forEach((line, i) => {
      if (/\b(TODO|FIXME|XXX)\b(?!\([^)\s][^)]*\))/.test(line))
        problems.push(`${path}:${i + 1} has a TODO that does not name what it awaits: TODO(name)`);
    });
  }
  return problems;
}
