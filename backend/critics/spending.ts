/** What a run's critics may use, and have used: in training and in studies together, so that a budget is the most that a run costs. */
import type { CriticOptions } from '../protocol/criticConfig.ts';

export interface Spent {
  readonly tokens: number;
  /** In the currency of the prices. */
  readonly money: number;
}

/** What a call used, in tokens. */
export type Settle = (promptTokens: number, completionTokens: number) => void;

export class Spending {
  private readonly options: Pick<CriticOptions, 'budget' | 'prices'>;
  private tokens: number;
  private money: number;
  private underWay = 0;
  private readonly waiting: (() => void)[] = [];

  /** `before`: what earlier processes of the same run have used. */
  constructor(options: Pick<CriticOptions, 'budget' | 'prices'>, before: Spent) {
    this.options = options;
    this.tokens = before.tokens;
    this.money = before.money;
  }

  get spent(): Spent {
    return { tokens: this.tokens, money: this.money };
  }

  /** Why a call that may take `tokens` is not made. `title`: who would be asked. */
  refusal(title: string, tokens: number): string {
    const count = (n: number): string => n.toLocaleString('en-US', { maximumSignificantDigits: 6 });
    const cost = this.options.budget.money === null ? '' : `, which cost ${count(this.money)}`;
    return `The budget for ${title} has no room for another critique, which may take ${count(tokens)} tokens: ${count(this.tokens)} are used${cost}.`;
  }

  costOf(promptTokens: number, completionTokens: number): number {
    const { promptPerMillion, completionPerMillion } = this.options.prices;
    return (promptTokens * promptPerMillion + completionTokens * completionPerMillion) / 1e6;
  }

  /**
   * Sets aside the most that a call may use, so that calls under way at a time stay within the budget together; waits for those where the rest of it
   * might not do. Undefined where the call might exceed the budget: it is then not to be made. Otherwise: tell it what was used in the end.
   */
  async reserve(promptTokens: number, completionTokens: number): Promise<Settle | undefined> {
    const tokens = promptTokens + completionTokens;
    const money = this.costOf(promptTokens, completionTokens);
    while (!this.hasRoomFor(tokens, money)) {
      if (this.underWay === 0) return undefined;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.tokens += tokens;
    this.money += money;
    this.underWay += 1;
    return (usedPrompt, usedCompletion) => {
      this.tokens += usedPrompt + usedCompletion - tokens;
      this.money += this.costOf(usedPrompt, usedCompletion) - money;
      this.underWay -= 1;
      for (const resume of this.waiting.splice(0)) resume();
    };
  }

  private hasRoomFor(tokens: number, money: number): boolean {
    const { budget } = this.options;
    return (budget.tokens === null || this.tokens + tokens <= budget.tokens) && (budget.money === null || this.money + money <= budget.money);
  }
}
