/** Builds dist/ before the first test, because tests start the real child processes from there. */
import { buildAll } from '../../esbuild.mjs';

/**
 * A broken build does not keep tests of other parts from running: esbuild prints the place, and `npm test` has built before and
 * would have stopped.
 */
export async function setup(): Promise<void> {
  try {
    await buildAll();
  } catch {
    console.error('The build failed (see above): tests that start a built program use the last good one, if there is any.');
  }
}
