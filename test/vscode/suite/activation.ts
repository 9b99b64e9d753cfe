/** How the extension comes up. */
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { describe, it } from 'mocha';
import { product } from './product.ts';

describe('activation', () => {
  it('takes far less than a second, and starts nothing heavy', async () => {
    const extension = product();
    const start = performance.now();
    await extension.activate();
    const milliseconds = performance.now() - start;
    console.log(`activated in ${milliseconds.toFixed(1)} ms`);
    assert.ok(extension.isActive);
    // The bar is 100 ms on a quiet machine; this one may be busy.
    assert.ok(milliseconds < 1000, `${milliseconds.toFixed(0)} ms`);
  });
});
