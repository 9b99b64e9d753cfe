import { describe, expect, it } from 'vitest';
import { loadFormulas, markdownHtml } from '../../../webview/ui/markdown.ts';
import { formulaAt } from '../../../webview/ui/mathRules.ts';

describe('Markdown of hostile texts', () => {
  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '[a](javascript:alert(1))',
    '[a](command:workbench.action.quit)',
    '[a](vscode://x/y)',
    '[a](data:text/html,x)',
    '![a](https://example.org/pixel.png)',
    '<a href="javascript:alert(1)">a</a>',
    '`<b>` **<i>**',
    '$\\href{javascript:alert(1)}{x}$',
    '$\\includegraphics{https://example.org/x.png}$',
    '$\\htmlClass{x}{<b>}$',
    '[a]: javascript:alert(1)\n[a]',
  ])('%s runs nothing, loads nothing and links nowhere but to the web', async (text) => {
    await loadFormulas();
    const tags = [...markdownHtml(text).matchAll(/<\/?([a-z][a-z0-9]*)([^>]*)>/gi)];
    for (const [, name = '', attributes = ''] of tags) {
      expect(['script', 'img', 'iframe', 'object', 'embed', 'form', 'input', 'b', 'i']).not.toContain(name.toLowerCase());
      expect(attributes).not.toMatch(/\son\w+=|javascript:|command:|vscode:|data:/i);
    }
  });

  it('lets links to the web through', () => {
    expect(markdownHtml('[paper](https://arxiv.org/abs/2506.03106)')).toContain('href="https://arxiv.org/abs/2506.03106"');
  });

  it.each(['$x^2$', '\\(x^2\\)', '$$x^2$$', '\\[x^2\\]', 'so \\(x^2\\) is'])('draws the formula in %s', async (text) => {
    await loadFormulas();
    expect(markdownHtml(text)).toContain('class="katex"');
  });

  it('shows a broken formula as its source', async () => {
    await loadFormulas();
    expect(markdownHtml('$\\frac{1}{$')).toContain('\\frac{1}{');
  });

  it('bounds what a short text can expand to', async () => {
    await loadFormulas();
    const bomb = '\\def\\a{xxxxxxxxxx}\\def\\b{\\a\\a\\a\\a\\a\\a\\a\\a\\a\\a}\\def\\c{\\b\\b\\b\\b\\b\\b\\b\\b\\b\\b}\\c\\c\\c\\c\\c\\c\\c\\c';
    const start = performance.now();
    expect(markdownHtml(`$${bomb}$`).length).toBeLessThan(100_000);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('takes thousands of lone delimiters in its stride', () => {
    const start = performance.now();
    markdownHtml('\\[ $ a '.repeat(3000));
    expect(performance.now() - start).toBeLessThan(3000);
  });
});

describe('where a formula is', () => {
  it.each([
    ['$5 and $6', null],
    ['$x$', 'x'],
    ['$ x $', null],
    ['$x$2', null],
    ['$$ a + b $$', ' a + b '],
    ['\\(a\\) b', 'a'],
    ['$a\\$b$', 'a\\$b'],
    ['$a\n\nb$', null],
    ['\\[ x', null],
    ['plain', null],
  ])('%j', (text, formula) => {
    expect(formulaAt(text, 0)?.formula ?? null).toBe(formula);
  });
});
