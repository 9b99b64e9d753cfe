/** What is in the installable package of this platform: everything it needs, nothing else, within its size. */
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesOf, readMetafile } from '../../scripts/bundles.mjs';
import { thisTarget, vsixPath } from '../../scripts/package.mjs';
import { repositoryRoot } from '../support/sourceTree.ts';
import { zipEntries } from './zipEntries.ts';

const vsix = vsixPath(thisTarget);
const paths = zipEntries(vsix)
  .map(({ path }) => path)
  .filter((path) => path.startsWith('extension/'))
  .map((path) => path.slice('extension/'.length));
const native = paths.filter((path) => /\.(node|dll|dylib)$|\.so(\.\d+)*$/.test(path));

describe('the package', () => {
  it('is at most 25 MB', () => expect(statSync(vsix).size).toBeLessThanOrEqual(25e6));

  it.each([
    ...['package.json', 'README.md', 'LICENSE.txt', 'media/icon.png', 'media/demo/model/model.safetensors', 'media/demo/train.jsonl'],
    ...['cli.js', 'backend.js', 'engine.js', 'grader.js', 'computeEngine.js', 'proxyFetch.js', 'rewardFunction.js', 'extension.cjs'].map(
      (name) => `dist/${name}`,
    ),
    ...['run', 'rollouts', 'lab', 'experiment'].flatMap((page) => [`dist/webview/${page}.js`, `dist/webview/${page}.css`]),
  ])('has %s', (path) => expect(paths.map((name) => name.toLowerCase())).toContain(path.toLowerCase()));

  it('has every part that its programs load', () => {
    const files = ['cli', 'backend'].flatMap((name) => filesOf(readMetafile('trainers'), `dist/${name}.js`, { withLazy: true }));
    expect(files.length).toBeGreaterThan(2);
    expect(files.filter((path) => !paths.includes(path))).toEqual([]);
  });

  it.each(['@photostructure/sqlite', 'onnxruntime-node', 'onnxruntime-common', 'node-gyp-build'])(
    'has the file that `require` loads of %s',
    (name) => {
      const entry = createRequire(import.meta.url).resolve(name);
      expect(paths).toContain(`dist/${entry.slice(entry.lastIndexOf('/node_modules/') + 1)}`);
    },
  );

  it('has every file that its manifest names', () => {
    const manifest: unknown = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));
    const named = stringsOf(manifest, ['main', 'icon', 'contributes'])
      .filter((text) => /^(\.\/)?(dist|media)\/\S+$/.test(text))
      .map((text) => text.replace(/^\.\//, ''));
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((path) => !paths.includes(path))).toEqual([]);
  });

  it('has native files of this platform only', () => {
    expect(native.length).toBeGreaterThanOrEqual(3);
    const place = `/${thisTarget.replace('-', '/')}/`;
    expect(native.filter((path) => !path.includes(place) && !path.includes(`/prebuilds/${thisTarget}/`))).toEqual([]);
  });

  it('has nothing of development', () => {
    const strange = paths.filter((path) =>
      /\.(map|ts|mts|cts|tsbuildinfo|test\.\w+)$|^(test|scripts|node_modules|backend|webview|shared)\/|gallery|comparison/.test(path),
    );
    expect(strange).toEqual([]);
  });
});

describe('a page', () => {
  it.each(['run', 'rollouts', 'lab', 'experiment'])('%s is at most 400 KB before anything is opened in it', (page) => {
    const metafile = readMetafile('webview');
    const files = filesOf(metafile, `dist/webview/${page}.js`, { withLazy: false }).filter((path) => /\.(js|css)$/.test(path));
    const bytes = files.reduce((sum, path) => sum + (metafile.outputs[path]?.bytes ?? 0), 0);
    expect(bytes, files.join('\n')).toBeLessThanOrEqual(400e3);
  });
});

/** Every string below the given keys. */
function stringsOf(value: unknown, keys?: readonly string[]): string[] {
  if (typeof value === 'string') return [value];
  if (value === null || typeof value !== 'object') return [];
  const entries = Object.entries(value).filter(([key]) => keys === undefined || keys.includes(key));
  return entries.flatMap(([, inner]) => stringsOf(inner));
}
