/** Critic: the control that says nothing. The trainer answers its empty critique with a second sample from the problem's own prompt. */
import type { Critic } from './critic.ts';

export const resample: Critic = {
  name: 'resample',
  summary: 'No critique at all: a second attempt from the problem alone, as a control.',
  kind: 'resample',
  needs: { solution: false, generation: false },
  async write(inputs) {
    return inputs.map(() => '');
  },
};
