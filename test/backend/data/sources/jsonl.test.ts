/** Problems of JSON Lines: what is a problem, and where and why a row is none. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readProblems } from '../../../../backend/data/readProblems.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jsonl-'));
});

let files = 0;
async function write(content: string | Buffer): Promise<string> {
  const path = join(folder, `${files++}.jsonl`);
  await writeFile(path, content);
  return path;
}
const good = '{"prompt":"1+1?","answer":"2"}';

describe('accepts', () => {
  it.each<[string, string, object]>([
    ['a text and a text', good, { id: 'line-1', prompt: [{ role: 'user', content: '1+1?' }], answer: '2', level: 'default' }],
    ['a numeric answer', '{"prompt":"?","answer":-0.5}', { answer: '-0.5' }],
    ['an id and a level of either type', '{"id":7,"level":3,"prompt":"?","answer":1}', { id: '7', level: '3' }],
    [
      'null for what is optional',
      '{"id":null,"level":null,"solution":null,"demonstration":null,"prompt":"?","answer":1}',
      { id: 'line-1', level: 'default' },
    ],
    [
      'messages',
      '{"prompt":[{"role":"system","content":"s"},{"role":"user","content":"?"}],"answer":1}',
      {
        prompt: [
          { role: 'system', content: 's' },
          { role: 'user', content: '?' },
        ],
      },
    ],
    [
      'a solution',
      '{"prompt":"?","answer":3,"solution":{"start":1,"steps":[{"operator":"+","operand":2,"phrase":"gets 2"}]}}',
      { solution: { start: 1, steps: [{ operator: '+', operand: 2, phrase: 'gets 2' }] } },
    ],
    ['a demonstration', '{"prompt":"?","answer":1,"demonstration":"Answer: 1."}', { demonstration: 'Answer: 1.' }],
    ['a byte order mark', `\uFEFF${good}`, { answer: '2' }],
    ['no newline at the end, CRLF and empty lines', `\r\n\r\n${good}\r\n\r\n`, { id: 'line-3', answer: '2' }],
    ['NUL and bidi marks in texts', '{"prompt":"a\\u0000\\u202eb","answer":"1"}', { prompt: [{ role: 'user', content: 'a\0\u202eb' }] }],
    ['line separators inside texts', '{"prompt":"a\u2028b","answer":"1"}', { prompt: [{ role: 'user', content: 'a\u2028b' }] }],
    ['fields it does not know', '{"prompt":"?","answer":1,"source":"x"}', { answer: '1' }],
  ])('%s', async (_, content, problem) => {
    const loaded = await readProblems(await write(content), { onBrokenRow: 'refuse' });
    expect(loaded.skipped).toEqual([]);
    expect(loaded.problems).toHaveLength(1);
    expect(loaded.problems[0]).toMatchObject(problem);
  });

  it('many rows, in order, across the chunks of the file', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => JSON.stringify({ id: `é${i}`, prompt: 'How many? €', answer: i }));
    const { problems } = await readProblems(await write(rows.join('\n')), { onBrokenRow: 'refuse' });
    expect(problems.map(({ id, answer }) => `${id}=${answer}`)).toEqual(rows.map((_, i) => `é${i}=${i}`));
  });
});

describe('names the place, the problem and the remedy of a broken row', () => {
  const deep = '['.repeat(200_000);
  it.each<[string, string | Buffer, RegExp]>([
    ['syntax in the middle', '{"prompt": ?}', /:2:12: not valid JSON/u],
    ['a wrong literal', '{"prompt": "a long question, long enough", "answer": tru}', /:2:5\d: not valid JSON/u],
    ['a line cut short', '{"prompt": "a', /:2:\d+: not valid JSON/u],
    ['two objects', `${good}${good}`, /:2:31: not valid JSON/u],
    ['single quotes', "{'prompt': 1}", /:2:2: not valid JSON/u],
    ['deep nesting', deep, /:2:\d+: not valid JSON/u],
    ['deep nesting of a field', `{"prompt":${deep}${']'.repeat(200_000)},"answer":1}`, /:2: "prompt" does not end/u],
    ['a list', '[1]', /:2: the row is a list, not an object.*Write \{"prompt"/u],
    ['a number', '5', /:2: the row is 5, not an object/u],
    ['no prompt', '{"answer":1}', /:2: "prompt" is missing.*Add "prompt"/u],
    ['another name for the prompt', '{"question":"?","answer":1}', /Rename "question" to "prompt"/u],
    ['another name for the answer', '{"prompt":"?","ground_truth":1}', /:2: "answer" is missing.*Rename "ground_truth" to "answer"/u],
    ['an empty prompt', '{"prompt":" ","answer":1}', /"prompt" is empty/u],
    ['a prompt of another type', '{"prompt":{},"answer":1}', /"prompt" is an object/u],
    ['no message', '{"prompt":[],"answer":1}', /does not end with a message of the user/u],
    ['an answer as the last message', '{"prompt":[{"role":"assistant","content":"x"}],"answer":1}', /does not end with a message of the user/u],
    ['an unknown role', '{"prompt":[{"role":"robot","content":"x"},{"role":"user","content":"x"}],"answer":1}', /"prompt\[0\]\.role" is wrong/u],
    ['an empty answer', '{"prompt":"?","answer":""}', /"answer" is empty/u],
    ['an answer of another type', '{"prompt":"?","answer":true}', /"answer" is true/u],
    ['an answer that JSON cannot hold', '{"prompt":"?","answer":12345678901234567890}', /more digits.*in quotes/u],
    ['an infinite answer', '{"prompt":"?","answer":1e999}', /in quotes/u],
    ['an empty id', '{"id":"","prompt":"?","answer":1}', /"id" is ""/u],
    [
      'an unknown operator',
      '{"prompt":"?","answer":1,"solution":{"start":1,"steps":[{"operator":"%","operand":2,"phrase":""}]}}',
      /"solution\.steps\[0\]\.operator" is wrong/u,
    ],
    ['an id used before', '{"id":"first","prompt":"?","answer":1}', /:2: the id "first" was used on line 1/u],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22]), /:2: the row is not valid UTF-8/u],
    ['a line of more than 16 MB', `{"prompt":"${'x'.repeat(17 * 1024 * 1024)}","answer":1}`, /:2: the line is longer than 16 MB/u],
  ])('%s', async (_, row, message) => {
    const first = Buffer.from('{"id":"first","prompt":"?","answer":1}\n');
    const path = await write(Buffer.concat([first, Buffer.from(row), Buffer.from(`\n${good}\n`)]));
    const error: unknown = await readProblems(path, { onBrokenRow: 'refuse' }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'dataset.brokenRow', message: expect.stringMatching(message) as string });
    expect((error as Error).message).toContain(path);
    expect((error as Error).message.length).toBeLessThan(path.length + 400);

    const { problems, skipped } = await readProblems(path, { onBrokenRow: 'skip' });
    expect(problems.map(({ id }) => id)).toEqual(['first', 'line-3']);
    expect(skipped).toEqual([{ path, number: 2, unit: 'line', reason: expect.stringMatching(/./u) as string }]);
  });
});

describe('names a file that is no dataset', () => {
  it.each<[string, () => Promise<string>, string, RegExp]>([
    ['missing', () => Promise.resolve('/nowhere/train.jsonl'), 'dataset.notFound', /no dataset at \/nowhere\/train\.jsonl/u],
    ['empty', () => write(''), 'dataset.empty', /has no rows/u],
    ['blank', () => write('\n \n\r\n'), 'dataset.empty', /has no rows/u],
    ['only broken rows', () => write('x\ny\n'), 'dataset.empty', /All 2 rows .* line 1: not valid JSON/u],
    ['UTF-16', () => write(Buffer.from(`\uFEFF${good}`, 'utf16le')), 'dataset.empty', /UTF-16/u],
  ])('%s', async (_, path, code, message) => {
    await expect(readProblems(await path(), { onBrokenRow: 'skip' })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });
});
