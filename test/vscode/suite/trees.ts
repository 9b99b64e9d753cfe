/** What the sidebar shows of a run that is over. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { allLabels, eventually, product, rowsOf } from './product.ts';

describe('the sidebar', () => {
  it('lists the run of the workspace', async () => {
    const { trees } = await product().activate();
    const rows = await eventually('a run in the tree', async () => {
      const found = await rowsOf(trees.runs);
      return found.length > 0 ? found : undefined;
    });
    assert.equal(rows.length, 1);
    assert.match(rows[0]?.label ?? '', /word-problems/);
  });

  it('lists problems that fail again and again, by cause', async () => {
    const { trees } = await product().activate();
    const rows = await eventually('failures in the tree', async () => {
      const found = await rowsOf(trees.failures);
      return found.some(({ children }) => children.length > 0) ? found : undefined;
    });
    assert.ok(allLabels(rows).length > rows.length, JSON.stringify(rows));
  });

  it('lists critiques that did not help', async () => {
    const { trees } = await product().activate();
    const rows = await eventually('critiques in the tree', async () => {
      const found = await rowsOf(trees.critiques);
      return found.length > 0 ? found : undefined;
    });
    assert.ok(rows.length > 0);
  });
});
