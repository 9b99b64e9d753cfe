/** Prompts as files: the built-in ones, and what becomes of broken ones. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { promptFiles } from '../../../backend/critics/defaultPrompts.ts';
import { compilePromptTemplate } from '../../../backend/critics/promptTemplate.ts';
import { exampleInput } from '../../../backend/training/previewCritique.ts';
import { problem } from '../../support/scriptedRun.ts';

const input = exampleInput(problem(0));

it.each(Object.entries(promptFiles))('%s carries what a critic needs, and lies in media/prompts', (name, source) => {
  const [message] = compilePromptTemplate(source, name)(input);
  expect(message?.role).toBe('user');
  expect(message?.content).toContain('Ana has 10 beads');
  expect(message?.content).toContain(input.rollout.completion);
  expect(message?.content).toMatch(/Conclusion: wrong \[END\]/);
  expect(message?.content.includes('\n15\n')).toBe(name !== 'selfEvaluation.jinja');
  expect(readFileSync(`media/prompts/${name}`, 'utf8')).toBe(source);
});

it('a template may name everything that is known, and treats it as text', () => {
  const source = '{{ verdict }}|{{ extracted }}|{{ level }}|{{ demonstration }}|{% for m in messages %}{{ m.role }}{% endfor %}|{{ response }}';
  const hostile = { ...input, rollout: { ...input.rollout, completion: '{{ answer }} {% raw %}' } };
  expect(compilePromptTemplate(source, 'own.jinja')(hostile)).toEqual([
    { role: 'user', content: 'wrong|42|easy|Step 1: 10 + 5 = 15. Answer: 15.|user|{{ answer }} {% raw %}' },
  ]);
});

describe('a broken template', () => {
  it.each([
    ['{% if %}', /does not parse/],
    ['{{ quesiton }} {{ answer }}', /names quesiton; there are question, answer/],
    ['{% for m in mesages %}{{ m.role }}{% endfor %}', /names mesages/],
    ['{{ question | nofilter }}', /cannot be rendered for problem p0/],
    ['   ', /renders nothing for problem p0/],
  ])('%j is named', (source, message) => {
    expect(() => compilePromptTemplate(source, 'own.jinja')(input)).toThrow(message);
  });
});

it('what a template defines itself, and what the language has, is known', () => {
  const source = `{% set kind = 'x' %}{% macro quoted(text, mark='"') %}{{ mark ~ text ~ mark }}{% endmacro %}{% for m in messages if m.role == 'user' %}
{{ loop.index }} {{ quoted(m.content | replace('a', 'b'), mark=kind) }}{% endfor %}{{ 'none' if demonstration is none else demonstration[0] }}{{ range(2) | join }}`;
  expect(compilePromptTemplate(source, 'own.jinja')(input)[0]?.content).toMatch(/^1 xAnb hbs/);
});
