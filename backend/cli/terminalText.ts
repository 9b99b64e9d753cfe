/** Text for terminals: harmless, colored where wanted, cut and wrapped to a width. */

/** Control characters, escape sequences and direction overrides of foreign text must not reach the terminal. */
export function harmless(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/g, ' ');
}

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

const blocks = '▁▂▃▄▅▆▇█';

/** The last `width` values as bars between low and high. */
export function sparkline(values: readonly number[], width: number, low: number, high: number): string {
  return values
    .slice(-width)
    .map((value) => blocks[Math.round(Math.min(1, Math.max(0, (value - low) / (high - low || 1))) * (blocks.length - 1))])
    .join('');
}

export function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '━'.repeat(filled) + '─'.repeat(width - filled);
}

/** Breaks words into lines of at most `width`, later lines indented. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((whole) => pieces(whole, Math.max(1, width - indent.length)))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function pieces(word: string, width: number): string[] {
  return word.length <= width ? [word] : Array.from({ length: Math.ceil(word.length / width) }, (_, i) => word.slice(i * width, (i + 1) * width));
}

/** Columns that a text takes, escape codes not counted. */
export function visibleLength(text: string): number {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b\[\d+m/g, '').length;
}

/** Cut to `width` columns; escape codes stay whole. */
export function cut(text: string, width: number): string {
  if (visibleLength(text) <= width) return text;
  let out = '';
  let used = 0;
  // eslint-disable-next-line no-control-regex
  for (const [part] of text.matchAll(/\u001b\[\d+m|[^\u001b]/gu)) {
    if (part.startsWith('\u001b')) out += part;
    else if (used < width - 1) {
      out += part;
      used++;
    }
  }
  return `${out}…`;
}

/** 75 → `1:15`, 4000 → `1:06:40`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number): string => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
