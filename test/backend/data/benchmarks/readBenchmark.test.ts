/** Published layouts of the eight evaluation sets, on made-up rows. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { writeParquet } from '../../../../backend/data/parquet/writeParquet.ts';
import { benchmarks } from '../../../../backend/data/benchmarks/index.ts';
import { findBenchmark, readBenchmark } from '../../../../backend/data/benchmarks/readBenchmark.ts';
import { verifiers } from '../../../../backend/rewards/index.ts';
import type { Verifier } from '../../../../backend/rewards/verifier.ts';
import { problemSchema } from '../../../../backend/protocol/records.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../../../fixtures/benchmarks/${name}`, import.meta.url));
const read = (set: string, file: string, options: { seed?: number; limit?: number } = {}) =>
  readBenchmark(findBenchmark(set), fixture(file), { seed: 0, ...options });

/** By set: file, rows left out, and `id | last line of the prompt | answer | level | verifier` of each problem. */
const layouts: readonly [set: string, file: string, leftOut: number, problems: readonly string[]][] = [
  [
    'math500',
    'math500.jsonl',
    0,
    [
      'math500/test/algebra/1.json | Let $f(x) = 2x + 1$. Find $f(3)$. | 7 | level 1 | math',
      'math500/test/prealgebra/2.json | Write $\\frac{3}{6}$ in lowest terms. | \\frac{1}{2} | level 2 | math',
    ],
  ],
  [
    'minervaMath',
    'minervaMath.jsonl',
    0,
    [
      'minervaMath/0 | A made-up star has a luminosity of 4 suns and the temperature of the Sun. What is its radius in solar radii? | 2 | Introduction to Astronomy (8.282J Spring 2006) | math',
      'minervaMath/1 | What is the energy of a made-up photon of wavelength $\\lambda$? | \\frac{hc}{\\lambda} | Principles of Chemical Science (5.111 Fall 2008) | math',
    ],
  ],
  [
    'olympiadBench',
    'olympiadBench.json',
    2,
    [
      'olympiadBench/2001 | The problem has several answers; give them all, with commas between them. | 2,-2 | Algebra | math',
      'olympiadBench/2002 | Give the answer in s, without writing the unit. | 2.5 | Mechanics | math',
    ],
  ],
  [
    'amc23',
    'amc23.jsonl',
    1,
    ['amc23/0 | Cities $A$ and $B$ are made up and $45$ miles apart. Two riders meet $27$ miles from $A$. How far is that? | 27 | all | math'],
  ],
  ['aime24', 'aime24.jsonl', 1, ['aime24/60 | Find the made-up number of minutes, written with three digits. | 24 | all | math']],
  ['aime24', 'aime24.csv', 0, ['aime24/2024-II-4 | Find $x + y$. | 33 | all | math']],
  [
    'theoremQa',
    'theoremQa.json',
    1,
    [
      'theoremQa/made/up1.json | The answer is True or False. | True | Math | exact',
      'theoremQa/made/up2.json | The answer is a number. | 2.7 | Math | math',
      'theoremQa/made/up3.json | The answer is a list of integers such as [2, 3, 4]. | [1,2] | Math | math',
      'theoremQa/made/up4.json | The answer is one of the options (a), (b), (c), (d). | (b) | Math | choice',
    ],
  ],
  ['mmluPro', 'mmluPro.jsonl', 0, ['mmluPro/70 | D. Fear | B | business | choice', 'mmluPro/71 | I. 10 | I | math | choice']],
];

describe('readBenchmark', () => {
  it.each(layouts)('%s reads %s', async (set, file, leftOut, expected) => {
    const loaded = await read(set, file);
    const shown = loaded.problems.map(({ problem: { id, prompt, answer, level }, verifier }) =>
      [id, prompt.at(-1)?.content.split('\n').at(-1), answer, level, verifier].join(' | '),
    );
    expect(shown).toEqual(expected);
    expect(loaded.leftOut).toBe(leftOut);
    for (const { problem } of loaded.problems) expect(problemSchema.parse(problem)).toEqual(problem);
  });

  it('names a verifier that there is, for every set', () => {
    expect(Object.values(benchmarks).filter(({ verifier }) => verifiers[verifier] === undefined)).toEqual([]);
    expect(Object.keys(benchmarks)).toHaveLength(8);
  });

  it.each(layouts)('%s: the verifier takes the gold answers of %s for right, and others not', async (set, file) => {
    for (const { problem, verifier } of (await read(set, file)).problems) {
      const judge = verifiers[verifier] as Verifier;
      const outcomeOf = async (answer: string) => judge.verify({ problem, completion: `So the answer is \\boxed{${answer}}.`, finish: 'stop' });
      expect(await outcomeOf(problem.answer)).toMatchObject({ status: 'right' });
      expect(await outcomeOf(verifier === 'choice' ? 'Z' : '987654')).toMatchObject({ status: 'wrong' });
    }
  });

  it('keeps the conventions of an answer with its problem', async () => {
    const olympiad = await read('olympiadBench', 'olympiadBench.json');
    expect(olympiad.problems.map(({ problem }) => problem.metadata)).toEqual([
      { answerType: 'Numerical', unordered: true },
      { answerType: 'Numerical', unit: 's', absoluteTolerance: 0.1 },
    ]);
    expect(olympiad.problems[1]?.problem.prompt[0]?.content).toBe(
      'A cart goes 10 m at 4 m/s.\nHow long does it take?\nGive the answer in s, without writing the unit.',
    );
    const theorem = await read('theoremQa', 'theoremQa.json');
    expect(theorem.problems[1]?.problem.metadata).toEqual({ answerType: 'float', relativeTolerance: 0.04 });
  });

  it('shuffles the choices of GPQA by the seed, which stays with the problem', async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 8; seed++) {
      const { problems } = await read('gpqa-diamond', 'gpqaDiamond.csv', { seed });
      expect(problems.map(({ problem: { answer, choices } }) => choices?.['ABCD'.indexOf(answer)])).toEqual(['10^-4 eV', '11']);
      expect(problems[0]?.problem.metadata).toEqual({ choiceSeed: seed, subdomain: 'Physics (general)' });
      expect(problems[0]?.problem.prompt[0]?.content).toContain(`?\n\nA. ${problems[0]?.problem.choices?.[0]}\nB. `);
      expect((await read('gpqaDiamond', 'gpqaDiamond.csv', { seed })).problems).toEqual(problems);
      orders.add(problems.map(({ problem }) => problem.answer).join(''));
    }
    expect(orders.size).toBeGreaterThan(3);
  });

  it('draws a part with the seed, in the order of the file', async () => {
    const all = await read('theoremQa', 'theoremQa.json');
    const part = await read('theoremQa', 'theoremQa.json', { limit: 2, seed: 5 });
    expect(part.problems).toHaveLength(2);
    expect(all.problems.filter((entry) => part.problems.some(({ problem }) => problem.id === entry.problem.id))).toEqual(part.problems);
    expect([all.found, part.found]).toEqual([4, 4]);
  });

  it('reads Parquet as it is published', async () => {
    const path = join(temporaryFolder(), 'test-00000-of-00001.parquet');
    writeParquet(path, [
      { name: 'question_id', type: 'integer', values: [7] },
      { name: 'question', type: 'text', values: ['Which is it?'] },
      { name: 'options', type: { list: 'text' }, values: [['this', 'that']] },
      { name: 'answer', type: 'text', values: ['B'] },
      { name: 'answer_index', type: 'integer', values: [1] },
      { name: 'category', type: 'text', values: ['law'] },
    ]);
    const { problems } = await readBenchmark(findBenchmark('MMLU-Pro'), path, { seed: 0 });
    expect(problems.map(({ problem }) => [problem.id, problem.choices, problem.answer])).toEqual([['mmluPro/7', ['this', 'that'], 'B']]);
  });

  it.each([
    ['a set that there is none of', 'gsm8k', '{}', { code: 'benchmark.unknown', message: /math500/ }],
    [
      'a file of another set',
      'gpqaDiamond',
      '{"problem": "x", "answer": "1"}',
      { code: 'dataset.brokenRow', message: /rows\.jsonl:1, read as GPQA-Diamond: "Question" is missing/ },
    ],
    ['an answer that is no whole number', 'aime24', '{"problem": "x", "answer": "1/2"}', { code: 'dataset.brokenRow', message: /whole numbers/ }],
    ['a solution without a box', 'minervaMath', '{"problem": "x", "solution": "\\\\boxed{1"}', { code: 'dataset.brokenRow', message: /boxed/ }],
    [
      'a letter without a choice',
      'mmluPro',
      '{"question": "x", "options": ["a", "b"], "answer": "C"}',
      { code: 'dataset.brokenRow', message: /2 options/ },
    ],
    [
      'rows of another year alone',
      'aime24',
      '{"problem": "x", "answer": "1", "year": 2020}',
      { code: 'dataset.empty', message: /None of the 1 rows/ },
    ],
  ])('refuses %s', async (_, set, text, { code, message }) => {
    const path = join(temporaryFolder(), 'rows.jsonl');
    writeFileSync(path, `${text}\n`);
    const reading = async () => readBenchmark(findBenchmark(set), path, { seed: 0 });
    await expect(reading()).rejects.toMatchObject({ code });
    await expect(reading()).rejects.toThrow(message);
  });
});
