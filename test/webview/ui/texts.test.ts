import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginning, blocksOf } from '../../../webview/ui/textBlocks.ts';
import { diffSummary, diffTexts } from '../../../webview/ui/wordDiff.ts';

const texts = fc.array(fc.constantFrom('word', ' ', '\n', '😀', 'שלום', '\r\n', 'x'.repeat(4500)), { maxLength: 120 }).map((parts) => parts.join(''));

describe('long texts in blocks', () => {
  it('joined are the text again, each block small and no character torn', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const blocks = blocksOf(text);
        expect(blocks.map((block) => block.text).join('')).toBe(text);
        for (const block of blocks) {
          expect(block.text.length).toBeLessThanOrEqual(4001);
          expect(block.text).not.toMatch(/[\ud800-\udbff]$/);
          expect(block.lines).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('cuts 32,000 tokens in milliseconds', () => {
    const text = 'Step 1: 22 + 12 = 34.\n'.repeat(32_000 / 8);
    const start = performance.now();
    expect(blocksOf(text).length).toBe(100);
    expect(performance.now() - start).toBeLessThan(200);
  });

  it.each([
    { text: 'a\nb\nc', lines: 2, chars: 99, shown: 'a\nb\n', isCut: true },
    { text: 'a\nb', lines: 2, chars: 99, shown: 'a\nb', isCut: false },
    { text: 'abcdef', lines: 9, chars: 3, shown: 'abc', isCut: true },
    { text: 'ab😀', lines: 9, chars: 3, shown: 'ab', isCut: true },
    { text: '', lines: 9, chars: 3, shown: '', isCut: false },
  ])('shows the beginning of $text within $lines lines and $chars characters', ({ text, lines, chars, shown, isCut }) => {
    expect(beginning(text, lines, chars)).toEqual({ text: shown, isCut });
  });
});

describe('the difference of two texts', () => {
  const join = (parts: ReturnType<typeof diffTexts>['parts'], without: string): string =>
    parts.flatMap(({ kind, text }) => (kind === without ? [] : [text])).join('');

  it('without what was added is the text before, without what was removed the text after', () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const { parts } = diffTexts(before, after);
        expect(join(parts, 'added')).toBe(before);
        expect(join(parts, 'removed')).toBe(after);
      }),
      { numRuns: 30 },
    );
  });

  it('names the words that changed', () => {
    const diff = diffTexts('Step 3: 41 + 18 = 59.', 'Step 3: 41 + 20 = 61.');
    expect(diff.parts.filter(({ kind }) => kind === 'added').map(({ text }) => text)).toEqual(['20', '61']);
    expect(diffSummary(diff)).toBe('2 words removed, 2 added');
  });

  it('falls back to lines, then to whole texts, when words take too long', () => {
    expect(diffTexts('a b\nc', 'a d\nc', 0)).toEqual({
      unit: 'whole',
      parts: [
        { kind: 'removed', text: 'a b\nc' },
        { kind: 'added', text: 'a d\nc' },
      ],
    });
    let seed = 1;
    const word = (): string => String((seed = (seed * 48_271) % 2_147_483_647));
    const unlike = (): string => Array.from({ length: 6000 }, word).join(' ');
    const start = performance.now();
    const diff = diffTexts(unlike(), unlike(), 50);
    expect(performance.now() - start).toBeLessThan(2000);
    expect(diff.unit).not.toBe('words');
    expect(diffSummary(diff)).toMatch(/words would take too long$/);
  });
});
