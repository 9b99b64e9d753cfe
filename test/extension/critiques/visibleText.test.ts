import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visibleLabel, visibleLines, visibleText } from '../../../extension/critiques/visibleText.ts';

describe('visibleText', () => {
  it.each([
    ['an ANSI color', '\u001b[31mred\u001b[0m', '␛[31mred␛[0m'],
    ['a bell and a null', 'a\u0007b\u0000', 'a␇b␀'],
    ['delete and a C1 control', '\u007f\u009b', '␡⟨U+009B⟩'],
    ['an override of direction', 'abc\u202edef', 'abc⟨U+202E⟩def'],
    ['an isolate', '\u2066x\u2069', '⟨U+2066⟩x⟨U+2069⟩'],
    ['zero-width characters', 'a\u200bb\ufeff', 'a⟨U+200B⟩b⟨U+FEFF⟩'],
    ['tag characters', `a${String.fromCodePoint(0xe0041)}`, 'a⟨U+E0041⟩'],
    ['a line separator', 'a\u2028b', 'a⟨U+2028⟩b'],
    ['half a character', 'a\ud800b', 'a\ufffdb'],
    ['line breaks of three kinds', 'a\r\nb\rc\nd', 'a\nb\nc\nd'],
    ['words of a right-to-left script', 'שלום (مرحبا)', 'שלום (مرحبا)'],
    ['a joined emoji', '👩‍💻', '👩‍💻'],
    ['HTML, which is text here', '<script>alert(1)</script>', '<script>alert(1)</script>'],
  ])('spells out %s', (_name, text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });

  it('leaves nothing that acts, hides or reorders in any text, and changes nothing twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = visibleText(text);
        expect(shown).not.toMatch(/[^\P{Cc}\n\t]|[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u);
        expect(visibleText(shown)).toBe(shown);
      }),
    );
  });
});

describe('visibleLines', () => {
  it('breaks a long line at spaces and loses nothing', () => {
    const text = 'word '.repeat(1000);
    const lines = visibleLines(text);
    expect(lines.length).toBeGreaterThan(4);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(1000);
    expect(lines.join('')).toBe(text);
  });

  it('breaks a line without spaces, never within a character', () => {
    const text = `a${'😀'.repeat(2000)}`;
    const lines = visibleLines(text);
    expect(lines.join('')).toBe(text);
    expect(lines.every((line) => !/^[\udc00-\udfff]/.test(line))).toBe(true);
  });
});

describe('visibleLabel', () => {
  it('is one short line', () => {
    expect(visibleLabel('a\nb\tc', 10)).toBe('a b c');
    expect(visibleLabel('x'.repeat(50), 10)).toBe(`${'x'.repeat(9)}…`);
    expect(visibleLabel('\u202egpj.exe', 20)).toBe('⟨U+202E⟩gpj.exe');
  });
});
