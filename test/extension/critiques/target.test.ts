import { describe, expect, it } from 'vitest';
import { addressParts } from '../../../extension/critiques/documentAddress.ts';
import { targetOf } from '../../../extension/critiques/target.ts';

const target = { runId: 'run-1', rolloutId: 'r1' };
const uri = { scheme: 'cgrpo', ...addressParts({ part: 'failure', ...target }, 'x') };

describe('targetOf', () => {
  it.each([
    ['a target', target],
    ['a tree item', { label: 'x', ...target }],
    ['a document', uri],
    ['a comment', { body: 'x', target }],
    ['a thread', { uri, comments: [] }],
    ['a reply', { thread: { uri }, text: 'x' }],
    ['a diff', { scheme: 'cgrpo', ...addressParts({ part: 'refinement', refinementId: 'f', ...target }, 'x') }],
  ])('finds it in %s', (_name, argument) => {
    expect(targetOf(argument)).toEqual(target);
  });

  it.each([[undefined], [null], [5], [{}], [{ ...uri, scheme: 'file' }], [{ runId: 'a' }], [{ uri: 'text' }]])('finds none in %j', (argument) => {
    expect(targetOf(argument)).toBeNull();
  });
});
