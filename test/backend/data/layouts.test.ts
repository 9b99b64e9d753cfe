/** Layouts of published sets are recognized, and a run file can say where the fields are instead. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { mappingText } from '../../../backend/data/mapping.ts';
import { readProblems, type LoadedProblems, type ReadProblemsOptions } from '../../../backend/data/readProblems.ts';
import type { Problem } from '../../../backend/protocol/records.ts';
import { temporaryFolderOfFile } from '../../support/temporaryFolder.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/parquet/', import.meta.url));
const folder = temporaryFolderOfFile();

function read(rows: readonly object[], options: Partial<ReadProblemsOptions> = {}): Promise<LoadedProblems> {
  const path = join(mkdtempSync(join(folder, 'set-')), 'rows.jsonl');
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return readProblems(path, { onBrokenRow: 'refuse', ...options });
}

const ask = (content: string): Problem['prompt'] => [{ role: 'user', content }];

describe('recognizes', () => {
  it.each<[string, object, Partial<Problem>]>([
    ['workbench', { prompt: '?', answer: 1, metadata: { source: 'x', deep: {}, n: 2 } }, { answer: '1', metadata: { source: 'x', n: 2 } }],
    [
      'verl',
      {
        data_source: 'math',
        prompt: [
          { role: 'system', content: 's' },
          { role: 'user', content: '?' },
        ],
        reward_model: { ground_truth: 7, style: 'rule' },
        extra_info: { index: 3, split: 'train', problem: 'long '.repeat(100) },
      },
      {
        id: '3',
        prompt: [
          { role: 'system', content: 's' },
          { role: 'user', content: '?' },
        ],
        answer: '7',
        level: 'math',
        metadata: { data_source: 'math', 'extra_info.index': 3, 'extra_info.split': 'train' },
      },
    ],
    [
      'luffy',
      { prompt: ask('?'), target: [{ role: 'assistant', content: 'So 7.' }], reward_model: { ground_truth: '7', question: '?' } },
      { answer: '7', demonstration: 'So 7.' },
    ],
    [
      'openr1',
      { problem: '?', solution: 'It is \\boxed{7}.', answer: '7', uuid: 'u', problem_type: 'Algebra' },
      { id: 'u', level: 'Algebra', answer: '7', demonstration: 'It is \\boxed{7}.' },
    ],
    ['openr1', { ID: 'a', Problem: '?', Answer: 33, Solution: 's' }, { id: 'a', answer: '33', demonstration: 's' }],
    [
      'math',
      { problem: '?', level: 'Level 5', type: 'Algebra', solution: '\\boxed{1} or rather \\fbox{\\frac{1}{\\text{two\\}}}}.' },
      { answer: '\\frac{1}{\\text{two\\}}}', level: 'Level 5', metadata: { type: 'Algebra' } },
    ],
    ['gsm8k', { question: '?', answer: '6 * 7 = 42\n#### 42' }, { answer: '42', demonstration: '6 * 7 = 42\n#### 42' }],
    ['question-answer', { instruction: '?', expected_answer: 'x' }, { prompt: ask('?'), answer: 'x' }],
  ])('%s', async (layout, row, problem) => {
    const { problems, mapping } = await read([row]);
    expect(mapping.layout).toBe(layout);
    expect(problems[0]).toMatchObject(problem);
  });

  it('the first of a row when ids of a published set repeat, and makes the others unique', async () => {
    const rows = [1, 1, 2].map((index) => ({ prompt: ask('?'), reward_model: { ground_truth: '7' }, extra_info: { index } }));
    expect((await read(rows)).problems.map(({ id }) => id)).toEqual(['1', '1:line-2', '2']);
  });

  it.each(['luffy', 'openr1', 'mmlu', 'arc'])('%s from Parquet, reading the columns that it needs alone', async (name) => {
    const { mapping, problems } = await readProblems(`${fixtures}${name}.parquet`, { onBrokenRow: 'refuse' });
    const wanted = { luffy: 'luffy', openr1: 'openr1', mmlu: 'multiple-choice', arc: 'multiple-choice' }[name];
    expect(mapping.layout).toBe(wanted);
    expect(problems.length).toBeGreaterThan(7);
  });
});

it('optional fields that only later rows have are read as well', async () => {
  const plain = Array.from({ length: 150 }, (_, i) => ({ prompt: `${i}?`, answer: i }));
  const { problems } = await read([...plain, { prompt: 'last?', answer: 1, id: 'z', level: 'hard', demonstration: 'd', metadata: { a: 1 } }]);
  expect(problems.at(-1)).toMatchObject({ id: 'z', level: 'hard', demonstration: 'd', metadata: { a: 1 } });
});

describe('a multiple choice question', () => {
  const choices = ['3', '4', '5'];
  const shown = ask('2+2?\n\nA. 3\nB. 4\nC. 5');
  it.each<[string, object]>([
    ['by a number', { question: '2+2?', choices, answer: 1 }],
    ['by a letter', { question: '2+2?', options: choices, answer: 'B' }],
    ['by a letter in brackets', { question: '2+2?', choices, answer: '(b)'.toUpperCase() }],
    ['by its text', { question: '2+2?', choices, answer: '4' }],
    ['by a label of its own', { question: '2+2?', choices: { text: choices, label: ['1', '2', '3'] }, answerKey: '2' }],
    ['by a key', { question: '2+2?', options: { a: '3', b: '4', c: '5', d: null }, answer: 'b' }],
    ['as a list of objects', { question: '2+2?', options: choices.map((text, i) => ({ key: 'ABC'[i], content: text })), answer: 'B' }],
    ['as a JSON text', { question: '2+2?', choices: JSON.stringify(choices), answer: '1' }],
    ['with its choices in the question already', { question: shown[0]?.content, choices, answer: 'B' }],
  ])('%s', async (_, row) => {
    expect((await read([row])).problems[0]).toMatchObject({ prompt: shown, answer: 'B', choices });
  });

  it('of separate columns has its choices in an order that its question decides', async () => {
    const row = (question: string): object => ({
      Question: question,
      'Correct Answer': 'r',
      'Incorrect Answer 1': 'x',
      'Incorrect Answer 2': 'y',
      'Incorrect Answer 3': 'z',
    });
    const rows = ['a', 'b', 'c', 'd', 'e', 'f'].map(row);
    const { problems, mapping } = await read(rows);
    expect(mapping.layout).toBe('gpqa');
    for (const { choices, answer } of problems) expect(choices?.['ABCD'.indexOf(answer)]).toBe('r');
    expect(new Set(problems.map(({ answer }) => answer)).size).toBeGreaterThan(1);
    expect((await read([...rows].reverse())).problems.map(({ answer }) => answer).reverse()).toEqual(problems.map(({ answer }) => answer));
  });

  it('is the same after it was written and read again', async () => {
    const { problems } = await read([{ question: '2+2?', choices, answer: 1, subject: 's' }]);
    expect((await read(problems)).problems).toEqual(problems);
  });

  it.each<[string, object, RegExp]>([
    ['whose answer is none of them', { question: '?', choices, answer: 'Q' }, /"answer" is "Q", which is none of 3 choices/],
    ['whose number is beyond them', { question: '?', choices, answer: 9 }, /none of 3 choices/],
    ['with one choice', { question: '?', choices: ['3'], answer: 0 }, /"choices" has 1 choices/],
    ['with no list', { question: '?', choices: 'yes', answer: 0 }, /Write the choices as a list/],
  ])('%s is broken', async (_, row, message) => {
    await expect(read([row])).rejects.toMatchObject({ code: 'dataset.brokenRow', message: expect.stringMatching(message) as string });
  });
});

describe('a run file says', () => {
  const row = { extra: { q: 'Why?', sys: 'Think.' }, list: [{ gold: 'no \\boxed{a}' }], 'a.b': 'flat', tag: 'hard' };

  it('where the fields are, in nested objects, lists and names with dots', async () => {
    const columns = {
      prompt: 'extra.q',
      system: 'extra.sys',
      answer: 'list.0.gold',
      answerIn: 'boxed',
      demonstration: 'a.b',
      level: 'tag',
      metadata: ['tag'],
    } as const;
    const { problems, mapping } = await read([row], { columns: { ...columns, metadata: [...columns.metadata] } });
    expect(problems).toEqual([
      {
        id: 'line-1',
        prompt: [
          { role: 'system', content: 'Think.' },
          { role: 'user', content: 'Why?' },
        ],
        answer: 'a',
        level: 'hard',
        demonstration: 'flat',
        metadata: { tag: 'hard' },
      },
    ]);
    expect(mappingText(mapping)).toBe(
      'columns: prompt from extra.q, system from extra.sys, answer from list.0.gold (the last \\boxed{}), level from tag, demonstration from a.b',
    );
  });

  it('one column, and the rest is recognized', async () => {
    const { problems } = await read([{ problem: '?', answer: '1', solution: 's', rating: 5 }], { columns: { level: 'rating' } });
    expect(problems[0]).toMatchObject({ level: '5', demonstration: 's' });
  });

  it('which layout it is', async () => {
    const { mapping } = await read([{ question: '?', answer: '1', problem: 'p' }], { layout: 'question-answer' });
    expect(mapping.fields.prompt).toBe('question');
  });

  it.each<[string, Partial<ReadProblemsOptions>, string, RegExp]>([
    [
      'a column that is not there',
      { columns: { answer: 'list.gold' } },
      'dataset.noColumn',
      /data\.columns\.answer is "list\.gold".*Choose one of: extra, extra\.q/,
    ],
    ['a layout that does not fit', { layout: 'verl' }, 'dataset.unknownLayout', /the prompt or the answer of a problem in the layout verl/],
    ['a layout that there is not', { layout: 'x' }, 'data.unknownLayout', /Choose one of: auto, luffy, verl/],
    ['nothing, and nothing is recognized', {}, 'dataset.unknownLayout', /Its columns are extra, extra\.q, .*Say which it is/],
  ])('%s', async (_, options, code, message) => {
    await expect(read([row], options)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  });
});

it('names of every object are no columns', async () => {
  await expect(read([{ prompt: '?', answer: '1' }], { columns: { level: 'constructor.name' } })).rejects.toMatchObject({ code: 'dataset.noColumn' });
  const { problems } = await read([JSON.parse('{"prompt":"?","answer":"1","metadata":{"__proto__":"x","constructor":"y"}}') as object]);
  expect(problems[0]?.metadata).toEqual({ constructor: 'y' });
});
