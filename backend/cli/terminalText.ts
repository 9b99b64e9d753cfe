/** Text for terminals: harmless, colored where wanted, measured in columns, cut, padded and wrapped; and charts made of characters. */

/**
 * One line that is safe to print. What would move the cursor, change colors or reorder text is made visible (␛, ⟨U+202E⟩); line breaks and
 * tabs become spaces; invisible joiners are dropped. Every text that comes from a model, a data file or a setting goes through this.
 */
export function harmless(text: string): string {
  return text
    .replace(/[\t\n\v\f\r\u0085\u2028\u2029]+/g, ' ')
    .replace(/[\u00ad\u200c\u200d]/g, '')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, visible);
}

function visible(character: string): string {
  const code = character.codePointAt(0) as number;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? '\u2421' : `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

/** Styles for one's own words. With colors off every one returns its text unchanged. */
export interface Paint {
  dim(text: string): string;
  bold(text: string): string;
  accent(text: string): string;
  good(text: string): string;
  bad(text: string): string;
}

export function paintWith(hasColor: boolean): Paint {
  const style = (on: number, off: number) => (text: string) => (hasColor && text !== '' ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  return { dim: style(2, 22), bold: style(1, 22), accent: style(36, 39), good: style(32, 39), bad: style(31, 39) };
}

const stylesAndCharacters = /\u001b\[\d+m|[^]/gu;
const wide =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})/u;

/** Columns that a text takes: none for styles and combining marks, two for East Asian wide characters and emoji. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const [part] of text.matchAll(stylesAndCharacters)) columns += partColumns(part);
  return columns;
}

function partColumns(part: string): number {
  if (part.startsWith('\u001b') || /^\p{M}/u.test(part)) return 0;
  return wide.test(part) ? 2 : 1;
}

/** Cut to `width` columns with an ellipsis; styles stay whole and are closed where the text closes them. */
export function cut(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  let out = '';
  let used = 0;
  let isFull = width < 1;
  for (const [part] of text.matchAll(stylesAndCharacters)) {
    const columns = partColumns(part);
    if (part.startsWith('\u001b')) out += part;
    else if (!isFull && used + columns < width) {
      out += part;
      used += columns;
    } else if (!isFull) {
      out += '…';
      isFull = true;
    }
  }
  return out;
}

/** Cut or filled with spaces to exactly `width` columns. */
export function fit(text: string, width: number): string {
  const short = cut(text, width);
  return short + ' '.repeat(Math.max(0, width - columnsOf(short)));
}

/** Breaks at spaces into lines of at most `width` columns; a word longer than a line is broken. Text without styles. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((whole) => pieces(whole, Math.max(2, width)))) {
    if (line === '') line = word;
    else if (columnsOf(line) + 1 + columnsOf(word) <= width) line = `${line} ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

function pieces(word: string, width: number): string[] {
  if (columnsOf(word) <= width) return [word];
  const parts: string[] = [];
  let part = '';
  let used = 0;
  for (const character of word) {
    const columns = partColumns(character);
    if (used + columns > width) {
      parts.push(part);
      part = '';
      used = 0;
    }
    part += character;
    used += columns;
  }
  return [...parts, part];
}

/** 75 → `1:15`, 4000 → `1:06:40`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number): string => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

const blocks = '▁▂▃▄▅▆▇█';

/**
 * All values in at most `width` bars from lowest to highest, neighbors averaged where there are more values than bars. `span` is the least
 * difference drawn as the full height, so that noise does not look like change. Values that are not finite are left out.
 */
export function sparkline(values: readonly number[], width: number, span: number): string {
  const finite = values.filter((value) => Number.isFinite(value));
  const bars = Math.min(Math.max(0, width), finite.length);
  const means = Array.from({ length: bars }, (_, i) => {
    const part = finite.slice(Math.floor((i * finite.length) / bars), Math.floor(((i + 1) * finite.length) / bars));
    return part.reduce((a, b) => a + b, 0) / part.length;
  });
  const low = Math.min(...means);
  const height = Math.max(span, Math.max(...means) - low);
  return means.map((value) => blocks[height === 0 ? 0 : Math.round(((value - low) / height) * (blocks.length - 1))]).join('');
}

/** A progress bar of `width` columns, half a column fine. */
export function bar(share: number, width: number, paint: Paint): string {
  const halves = Math.round(Math.min(1, Math.max(0, share)) * width * 2);
  const full = Math.floor(halves / 2);
  const half = halves % 2 === 1 ? '╸' : '';
  return paint.accent('━'.repeat(full) + half) + paint.dim('─'.repeat(width - full - half.length));
}

const shades = '█▓▒░';

export interface NamedShare {
  readonly name: string;
  readonly share: number;
}

/** Shares of a whole as one bar, and a legend in percent. From the fourth on they look alike. */
export function shareBar(shares: readonly NamedShare[], width: number): { bar: string; legend: string[] } {
  let upTo = 0;
  let drawn = 0;
  let line = '';
  const legend = shares.map(({ name, share }, i) => {
    const shade = shades[Math.min(i, shades.length - 1)] as string;
    upTo += share;
    const end = Math.min(width, Math.round(upTo * width));
    line += shade.repeat(Math.max(0, end - drawn));
    drawn = Math.max(drawn, end);
    return `${shade} ${name} ${Math.round(100 * share)}`;
  });
  return { bar: line, legend };
}
