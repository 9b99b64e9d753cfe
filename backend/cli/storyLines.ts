/** One failure as people read it: problem, failed answer, critique, refinement. */
import type { Story } from '../training/run.ts';
import { harmless, wrap, type Paint } from './terminalText.ts';

export function storyLines(story: Story, paint: Paint, width: number): string[] {
  const label = (name: string): string => `  ${name.padEnd(11)}`;
  const part = (name: string, text: string, mark: string): string[] => {
    const [first = '', ...rest] = wrap(harmless(text), Math.max(20, width - 16));
    return [`${paint.dim(label(name))}${mark} ${first}`, ...rest.map((line) => `${' '.repeat(15)}${line}`)];
  };
  return [
    paint.dim(`step ${story.step}, a ${story.level} problem`),
    ...part('problem', story.question, ' '),
    ...part('answer', story.answer, paint.bad('✗')),
    ...(story.critique === '' ? [] : part('critique', story.critique, paint.accent('»'))),
    ...part(story.critique === '' ? 'second try' : 'refinement', story.refinement, story.isRefinementRight ? paint.good('✓') : paint.bad('✗')),
    '',
  ];
}
