/** Entry of the tests inside the extension host: VS Code calls `run`. The report goes to the file that `CRITIQUE_GRPO_REPORT` names. */
import { writeFileSync } from 'node:fs';
import mochaModule from 'mocha';

export interface HostReport {
  readonly tests: readonly { readonly title: string; readonly error: string | null; readonly milliseconds: number }[];
}

/** mocha is an ES module: what `require` makes of one depends on the Node of the editor. */
const Mocha = (mochaModule as unknown as { readonly default?: typeof mochaModule }).default ?? mochaModule;

/** Tests of a window that trusts its workspace, or of one that does not. */
const isTrusted = process.env['CRITIQUE_GRPO_TRUSTED'] !== 'no';

/** Rejects if a test failed. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 120_000, reporter: 'min' });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  await (isTrusted ? import('./trusted.ts') : import('./untrusted.ts'));
  const tests: HostReport['tests'][number][] = [];
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    runner.on('pass', (test) => tests.push({ title: test.fullTitle(), error: null, milliseconds: test.duration ?? 0 }));
    // Hooks fail under a title of their own.
    runner.on('fail', (test, error: Error) =>
      tests.push({ title: test.fullTitle(), error: error.stack ?? error.message, milliseconds: test.duration ?? 0 }),
    );
  });
  writeFileSync(process.env['CRITIQUE_GRPO_REPORT'] ?? '', JSON.stringify({ tests } satisfies HostReport));
  if (failures > 0) throw new Error(`${failures} of ${tests.length} tests failed`);
}
