/** Text of a model or a dataset as an editor may show it: nothing in it acts, hides or reorders; everything that would is spelled out. */

/** Longer lines are broken, so that an answer without a line break still renders. */
const maxLineLength = 1000;

/**
 * Control characters become their pictures (`␛`), characters that reorder or hide text become `⟨U+202E⟩`, halves of characters become `�`.
 * Line breaks of every kind become `\n`; tabs stay.
 */
export function visibleText(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(controls, (character) => picture(character.charCodeAt(0)))
    .replace(hidden, codePoint)
    .replace(/\p{Surrogate}/gu, '\ufffd');
}

/** Visible text as lines of bounded length, broken at a space where there is one. */
export function visibleLines(text: string): string[] {
  return visibleText(text).split('\n').flatMap(brokenLine);
}

/** Visible text without line breaks, shortened to `limit` characters: for titles and labels. */
export function visibleLabel(text: string, limit: number): string {
  const line = visibleText(text.slice(0, limit * 4))
    .replace(/\s+/g, ' ')
    .trim();
  return line.length <= limit ? line : `${line.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** C1 controls; marks, embeddings, overrides and isolates of direction; line separators; zero-width and tag characters. */
const hidden = /[\u0080-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

function picture(code: number): string {
  return code === 0x7f ? '\u2421' : String.fromCharCode(0x2400 + code);
}

function codePoint(character: string): string {
  return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

function brokenLine(line: string): string[] {
  const parts: string[] = [];
  let rest = line;
  while (rest.length > maxLineLength) {
    const space = rest.lastIndexOf(' ', maxLineLength);
    let end = space > 0 ? space + 1 : maxLineLength;
    // Not between the halves of a character.
    if (/[\ud800-\udbff]/.test(rest.charAt(end - 1))) end -= 1;
    parts.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  parts.push(rest);
  return parts;
}
