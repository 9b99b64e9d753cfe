/** The committed files of media/demo are what the generator makes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { demoFiles } from '../../../../backend/data/demo/files.ts';
import { demoQuestions, demoSeed, demoSets, setSizes, type SetName } from '../../../../backend/data/demo/sets.ts';
import { levels } from '../../../../backend/data/demo/wordChains.ts';
import { problemSchema } from '../../../../backend/protocol/records.ts';

const folder = join(import.meta.dirname, '../../../../media/demo');
const sets = demoSets(demoSeed);

describe('committed files', () => {
  it.each(Object.entries(demoFiles()))('%s is fresh (else run backend/data/demo/writeFiles.ts)', (path, text) => {
    expect(readFileSync(join(folder, path), 'utf8')).toBe(text);
  });
});

describe('problem sets', () => {
  it.each(Object.keys(setSizes) as SetName[])('%s has the promised number of valid problems on each level', (name) => {
    for (const level of levels) expect(sets[name].filter((problem) => problem.level === level)).toHaveLength(setSizes[name][level]);
    for (const problem of sets[name]) expect(problemSchema.strict().parse(problem)).toEqual(problem);
  });

  it('share no question and no id', () => {
    const problems = Object.values(sets).flat();
    expect(new Set(problems.map(({ id }) => id)).size).toBe(problems.length);
    expect(demoQuestions(demoSeed).size).toBe(problems.length);
  });

  it('follow from the seed', () => {
    expect(demoSets(demoSeed)).toEqual(sets);
    expect(demoSets(demoSeed + 1).train).not.toEqual(sets.train);
  });
});
