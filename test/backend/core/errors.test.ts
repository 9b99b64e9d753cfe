import { describe, expect, it } from 'vitest';
import { messageOf, WorkbenchError } from '../../../backend/core/errors.ts';

describe('WorkbenchError', () => {
  it('carries its remedy in the text and keeps its cause', () => {
    const cause = new Error('ENOENT');
    const error = new WorkbenchError({ code: 'data.missing', message: 'train.jsonl is not there.', remedy: 'Create it.', cause });
    expect(error).toMatchObject({
      name: 'WorkbenchError',
      code: 'data.missing',
      message: 'train.jsonl is not there. Create it.',
      remedy: 'Create it.',
      cause,
    });
  });
});

describe('messageOf', () => {
  it('reads errors and anything else', () => {
    expect(messageOf(new Error('broken'))).toBe('broken');
    expect(messageOf(42)).toBe('42');
  });
});
