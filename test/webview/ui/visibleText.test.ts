import { describe, expect, it } from 'vitest';
import { visibleText } from '../../../webview/ui/visibleText.ts';

describe('visible text', () => {
  it.each([
    ['terminal codes', '\u001b[31mred\u001b[0m\u0007', '␛[31mred␛[0m␇'],
    ['turned text', 'a\u202egpj.exe\u202c', 'a⟨U+202E⟩gpj.exe⟨U+202C⟩'],
    ['isolates and C1 controls', '\u2066a\u2069\u009b', '⟨U+2066⟩a⟨U+2069⟩⟨U+009B⟩'],
    ['right-to-left text and its marks', 'שלב 1\u200f: كان', 'שלב 1\u200f: كان'],
    ['line breaks and tabs', 'a\tb\r\nc\n', 'a\tb\r\nc\n'],
  ])('of %s', (_, text, expected) => {
    expect(visibleText(text)).toBe(expected);
  });
});
