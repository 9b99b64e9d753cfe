// How many tests passed and failed, from the report of vitest's JSON reporter.

/**
 * @typedef {object} TestReport
 * @property {readonly { status: string, assertionResults: readonly { status: string }[] }[]} testResults One entry a test file.
 */

/**
 * A file that fails with no failed test in it (it does not load, or its hook fails) counts as one failure: nothing broken counts as zero.
 * @param {TestReport} report
 */
export function testCounts({ testResults }) {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const { status, assertionResults } of testResults) {
    const count = (/** @type {(status: string) => boolean} */ matches) => assertionResults.filter((result) => matches(result.status)).length;
    const failedHere = count((result) => result === 'failed');
    passed += count((result) => result === 'passed');
    failed += failedHere === 0 && status === 'failed' ? 1 : failedHere;
    skipped += count((result) => result !== 'passed' && result !== 'failed');
  }
  return { passed, failed, skipped };
}
