/** One failure as people read it (problem, failed answer, critique, refinement), and which of many is shown. */
import type { Update } from '../protocol/records.ts';
import type { Story } from '../training/run.ts';
import { columnsOf, cut, harmless, wrap, type Paint } from './terminalText.ts';

export interface ChosenStory extends Story {
  /** Every rollout of the problem failed and the refinement is right. */
  readonly isRescue: boolean;
}

/** Longer texts are cut: a story is a glimpse, the store has the rest. */
const maxPartLines = 8;
const labelWidth = 12;

export function storyLines(story: ChosenStory, paint: Paint, width: number): string[] {
  const mark = (isRight: boolean): string => (isRight ? paint.good('✓') : paint.bad('✗'));
  const title = cut(`step ${story.step} · ${harmless(story.level)}${story.isRescue ? ' · rescued' : ''}`, width - 6);
  return [
    `${paint.dim('──')} ${paint.accent(title)} ${paint.dim('─'.repeat(Math.max(0, width - columnsOf(title) - 4)))}`,
    ...part('problem', ' ', story.question, paint, width),
    ...part('answer', mark(false), story.answer, paint, width),
    ...(story.critique === '' ? [] : part('critique', ' ', story.critique, paint, width)),
    ...part(story.critique === '' ? 'second try' : 'refinement', mark(story.isRefinementRight), story.refinement, paint, width),
    '',
  ];
}

function part(name: string, mark: string, text: string, paint: Paint, width: number): string[] {
  const all = text
    .trim()
    .split(/\r?\n/)
    .flatMap((line) => wrap(harmless(line), width - labelWidth - 2));
  const lines = all.length > maxPartLines ? [...all.slice(0, maxPartLines - 1), '…'] : all;
  return lines.map((line, i) => `${i === 0 ? `${paint.dim(name.padEnd(labelWidth))}${mark} ` : ' '.repeat(labelWidth + 2)}${line}`);
}

/** Of the stories of `every` steps the best one: a rescue before a right refinement before a wrong one, the newest among equals. */
export class StoryChoice {
  private readonly every: number;
  private best: ChosenStory | undefined;
  private nextStep: number | undefined;

  constructor(every: number) {
    this.every = every;
  }

  /** The story to show now, if it is time. `update` is that of the story's step. The first one that ends well is shown at once. */
  offer(story: Story, update: Update | undefined): ChosenStory | undefined {
    const isRescue = story.isRefinementRight && update?.step === story.step && (update.metrics['groupsRescued'] ?? 0) > 0;
    const offered = { ...story, isRescue };
    if (this.best === undefined || rank(offered) >= rank(this.best)) this.best = offered;
    const isTime = this.nextStep === undefined ? rank(this.best) > 0 || story.step >= this.every : story.step >= this.nextStep;
    if (!isTime) return undefined;
    const { best } = this;
    this.best = undefined;
    this.nextStep = story.step + this.every;
    return best;
  }
}

function rank(story: ChosenStory): number {
  return story.isRescue ? 2 : story.isRefinementRight ? 1 : 0;
}
