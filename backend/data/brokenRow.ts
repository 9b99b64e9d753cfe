/** A row that is no problem; caught by the reader, which knows file and row. */
export class BrokenRow extends Error {
  /** What is wrong, without a full stop. */
  readonly problem: string;
  readonly remedy: string;
  /** Place of a syntax error in the row's text, counted from 1. */
  readonly column: number | undefined;

  constructor(problem: string, remedy: string, column?: number) {
    super(problem);
    this.name = 'BrokenRow';
    this.problem = problem;
    this.remedy = remedy;
    this.column = column;
  }
}

/** A value in an error; never its whole contents. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'symbol') return value.description ?? 'unreadable';
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value);
}
