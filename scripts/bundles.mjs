// What esbuild put into dist/: which files a program or a page is made of.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * @typedef {object} Metafile The part of esbuild's that is read here.
 * @property {Readonly<Record<string, { bytes: number, cssBundle?: string, imports: readonly { path: string, kind: string }[] }>>} outputs
 */

/**
 * @param {'trainers' | 'webview'} name
 * @returns {Metafile}
 */
export function readMetafile(name) {
  /** @type {unknown} */
  const metafile = JSON.parse(readFileSync(join(root, `dist/${name}.json`), 'utf8'));
  return /** @type {Metafile} */ (metafile);
}

/**
 * Paths (`dist/…`) of a script, its stylesheet and everything of ours that they load.
 * @param {Metafile} metafile
 * @param {string} script Path of the script.
 * @param {{ withLazy: boolean }} options Whether what is loaded only when needed counts.
 */
export function filesOf({ outputs }, script, { withLazy }) {
  /** @type {Set<string>} */
  const files = new Set();
  const add = (/** @type {string} */ path) => {
    const output = outputs[path];
    if (output === undefined || files.has(path)) return;
    files.add(path);
    if (output.cssBundle !== undefined) add(output.cssBundle);
    for (const { path: imported, kind } of output.imports) if (withLazy || kind !== 'dynamic-import') add(imported);
  };
  add(script);
  return [...files].sort();
}
