import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StoryChoice } from '../../../backend/cli/storyLines.ts';
import { bar, clock, columnsOf, cut, fit, harmless, paintWith, shareBar, sparkline, wrap } from '../../../backend/cli/terminalText.ts';
import { story, updateAt } from './scriptedRun.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const noPaint = paintWith(false);

describe('harmless text', () => {
  it.each([
    ['a\u001b[31mb', 'a␛[31mb'],
    ['a\u009b2Jb', 'a⟨U+009B⟩2Jb'],
    ['abc\u202edcba', 'abc⟨U+202E⟩dcba'],
    ['\u2066x\u2069', '⟨U+2066⟩x⟨U+2069⟩'],
    ['\ufeffx\u200b', '⟨U+FEFF⟩x⟨U+200B⟩'],
    ['tag \u{e0041}', 'tag ⟨U+E0041⟩'],
    ['half \ud800', 'half ⟨U+D800⟩'],
    ['one\r\n\ttwo\u2028three\u007f', 'one two three␡'],
    ['grüße 你好 👍', 'grüße 你好 👍'],
  ])('of %j is %j', (text, expected) => expect(harmless(text)).toBe(expected));

  it('has no control or format character, and stays as it is the second time', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const safe = harmless(text);
        expect(safe).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(harmless(safe)).toBe(safe);
      }),
    );
  });
});

describe('widths', () => {
  it.each([
    ['abc', 3],
    ['你好', 4],
    ['e\u0301', 1],
    ['👍', 2],
    ['\u001b[31mab\u001b[39m', 2],
    ['✓ ▁█━', 5],
  ])('of %j is %i', (text, columns) => expect(columnsOf(text)).toBe(columns));

  it('hold after cutting, fitting and wrapping', () => {
    fc.assert(
      fc.property(anyText.map(harmless), fc.integer({ min: 2, max: 40 }), fc.boolean(), (text, width, hasColor) => {
        const painted = paintWith(hasColor).accent(text);
        expect(columnsOf(cut(painted, width))).toBeLessThanOrEqual(width);
        expect(columnsOf(fit(painted, width))).toBe(width);
        for (const line of wrap(text, width)) expect(columnsOf(line)).toBeLessThanOrEqual(width);
        expect(wrap(text, width).join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });

  it('leaves styles closed', () => expect(cut(paintWith(true).bad('abcdef'), 4)).toBe('\u001b[31mabc…\u001b[39m'));
});

describe('charts', () => {
  it.each([
    [[0, 1], 10, 0, '▁█'],
    [[0, 0.5, 1], 10, 0, '▁▅█'],
    [[1, 1, 1], 10, 0, '▁▁▁'],
    [[0, 0.01], 10, 0.1, '▁▂'],
    [[0, 2, 4, 6], 2, 0, '▁█'],
    [[NaN, 3, Infinity], 5, 1, '▁'],
    [[], 5, 1, ''],
    [[1, 2], 0, 1, ''],
  ])('the sparkline of %j in %i columns', (values, width, span, expected) => expect(sparkline(values, width, span)).toBe(expected));

  it.each([
    [0, '────'],
    [0.5, '━━──'],
    [0.625, '━━╸─'],
    [1, '━━━━'],
    [7, '━━━━'],
  ])('the bar of %d', (share, expected) => expect(bar(share, 4, noPaint)).toBe(expected));

  it('the bar of shares is full', () => {
    const { bar: line, legend } = shareBar(
      [
        { name: 'sample', share: 0.5 },
        { name: 'update', share: 0.3 },
        { name: 'other', share: 0.2 },
      ],
      10,
    );
    expect(line).toBe('█████▓▓▓▒▒');
    expect(legend).toEqual(['█ sample 50', '▓ update 30', '▒ other 20']);
  });

  it.each([
    [0, '0:00'],
    [75.4, '1:15'],
    [4000, '1:06:40'],
    [-3, '0:00'],
  ])('%d seconds read %s', (seconds, text) => expect(clock(seconds)).toBe(text));
});

describe('the choice of stories', () => {
  it('shows the first that ends well at once, then the best of every so many steps, rescues before all', () => {
    const choice = new StoryChoice(5);
    const shown = Array.from({ length: 13 }, (_, i) => i + 1).flatMap((step) => {
      const isRescue = step === 4;
      const metrics = { ...updateAt(step).metrics, groupsRescued: isRescue ? 1 : 0 };
      return choice.offer({ ...story, step, isRefinementRight: step > 1 && step !== 12 }, { ...updateAt(step), metrics }) ?? [];
    });
    expect(shown.map(({ step, isRescue }) => [step, isRescue])).toEqual([
      [2, false],
      [4, true],
      [11, false],
    ]);
  });
});
