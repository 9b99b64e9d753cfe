/** The critics that can be compared, weakest help first. Names are the backend's; `none` and `human` are understood by the request itself. */

export interface CriticChoice {
  readonly name: string;
  readonly title: string;
  readonly meaning: string;
  /** Needs settings of its own, money or more time: not chosen by itself. */
  readonly isExtra?: boolean;
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
  {
    name: 'self-evaluation',
    title: 'Self + evaluation',
    meaning: 'The policy first judges its own answer, without the gold one, and criticizes what it holds for wrong.',
    isExtra: true,
  },
  {
    name: 'chain-of-thought',
    title: 'Chain of thought',
    meaning: 'A model at an endpoint, or of the editor, as criticOptions of the run name it. May cost money.',
    isExtra: true,
  },
  {
    name: 'weak-to-strong',
    title: 'Weak to strong',
    meaning: 'Another local model, which criticOptions.modelFolder of the run names.',
    isExtra: true,
  },
  { name: 'human', title: 'Human', meaning: 'Your own words.' },
] as const satisfies readonly CriticChoice[];

export type CriticName = (typeof critics)[number]['name'];

export const sampleChoices = [4, 8, 16, 32] as const;
export type SampleChoice = (typeof sampleChoices)[number];
