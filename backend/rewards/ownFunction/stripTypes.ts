/** TypeScript of reward functions without its types, and where a syntax error is. */
import { transform } from 'sucrase';

/** Types are removed, the rest stays as it is on the lines where it was. Throws an Error that names line and column. */
export function stripTypes(source: string): string {
  return transform(source, { transforms: ['typescript'], disableESTransforms: true }).code;
}

/** What keeps a text from being JavaScript, with line and column, as far as a quick parser notices; undefined otherwise. */
export function syntaxProblem(source: string): string | undefined {
  try {
    transform(source, { transforms: [], disableESTransforms: true });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^Error transforming [^:]*: /, '') : undefined;
  }
}
