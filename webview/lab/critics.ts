/** The critics that can be compared, weakest help first. Names are the backend's; `none` and `human` are understood by the request itself. */

export interface CriticChoice {
  readonly name: string;
  readonly title: string;
  readonly meaning: string;
}

export const critics = [
  { name: 'none', title: 'None', meaning: 'A plain second attempt, no critique: what chance alone gives.' },
  { name: 'verdict', title: 'Verdict', meaning: 'Only that the answer is wrong.' },
  {
    name: 'verdict-answer',
    title: 'Verdict + answer',
    meaning: 'That it is wrong, and the right final answer. A refinement can copy it without a better reason.',
  },
  { name: 'step-level', title: 'Step-level', meaning: 'The first step that is wrong, and what it should be. Needs a reference solution.' },
  { name: 'self', title: 'Self', meaning: 'What the policy itself says of its answer.' },
  { name: 'human', title: 'Human', meaning: 'Your own words.' },
] as const satisfies readonly CriticChoice[];

export type CriticName = (typeof critics)[number]['name'];

export const sampleChoices = [4, 8, 16, 32] as const;
export type SampleChoice = (typeof sampleChoices)[number];
