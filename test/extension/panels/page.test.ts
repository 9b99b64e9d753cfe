import { describe, expect, it } from 'vitest';
import { panelPage } from '../../../extension/panels/page.ts';

const page = panelPage({
  kind: 'run',
  nonce: 'abc123',
  cspSource: 'https://files.example',
  address: (file) => `https://files.example/${file}?a=1&b="2"`,
});

describe('the page of a panel', () => {
  it('lets in its own script, styles, fonts and pictures, and nothing else', () => {
    expect(/content="(default-src[^"]*)"/.exec(page)?.[1]).toBe(
      "default-src 'none'; script-src 'nonce-abc123'; style-src https://files.example 'unsafe-inline'; font-src https://files.example; img-src https://files.example",
    );
  });

  it('has one script, with the nonce, and no code of its own', () => {
    expect(page.match(/<script\b[^>]*>/g)).toEqual([
      '<script type="module" nonce="abc123" src="https://files.example/run.js?a=1&amp;b=&quot;2&quot;">',
    ]);
    expect(page).not.toMatch(/\son\w+=/);
  });

  it('has a language, a title and a main part', () => {
    expect(page).toContain('<html lang="en">');
    expect(page).toContain('<title>Run</title>');
    expect(page).toContain('<main id="app"></main>');
  });
});
