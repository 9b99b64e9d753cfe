/** What the README tells people to write is taken as it stands there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, type ParseError } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { commands } from '../backend/cli/commands/index.ts';
import { criticOptionsSchema } from '../backend/protocol/criticConfig.ts';
import { runConfigSchema } from '../backend/protocol/runConfig.ts';
import { findAlgorithm } from '../backend/algorithms/findAlgorithm.ts';
import { findCritic, findVerifier } from '../backend/training/findPlugin.ts';
import { repositoryRoot } from './support/sourceTree.ts';

const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/```jsonc\n([\s\S]*?)```/g)].map(([, text]) => text ?? '');

describe('the README', () => {
  it('has run files that are valid, with plug-ins that are there', () => {
    const runs = blocks.filter((text) => text.includes('"model": {'));
    expect(runs.length).toBeGreaterThan(0);
    for (const text of runs) {
      const errors: ParseError[] = [];
      const config = runConfigSchema.parse(parse(text, errors, { allowTrailingComma: true }));
      expect(errors).toEqual([]);
      findAlgorithm(config.algorithm);
      findCritic(config.critic);
      findVerifier(config.verifier);
    }
  });

  it('has settings of critics that are valid', () => {
    const parts = blocks.filter((text) => text.trimStart().startsWith('"critic"'));
    expect(parts.length).toBeGreaterThan(0);
    for (const text of parts) {
      const { critic, criticOptions } = parse(`{${text}}`, [], { allowTrailingComma: true }) as { critic: string; criticOptions: unknown };
      findCritic(critic);
      criticOptionsSchema.parse(criticOptions);
    }
  });

  it('names every command, and none that is not there', () => {
    const named = [...readme.matchAll(/\| `npx critique-grpo ([a-z-]+)`/g)].map(([, name]) => name).sort();
    expect(named).toEqual(
      Object.values(commands)
        .map(({ name }) => name)
        .sort(),
    );
  });
});
