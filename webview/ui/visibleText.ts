/** Texts of models, data sets and logs, with what would hide or reorder them spelled out. */

/**
 * Control characters as their pictures (`␛`, so that terminal codes are seen as what they are), characters that turn the direction of what
 * follows as `⟨U+202E⟩`. Line breaks, tabs and the marks that right-to-left scripts are written with stay.
 */
export function visibleText(text: string): string {
  return text
    .replace(controls, (character) => picture(character.charCodeAt(0)))
    .replace(turns, (character) => `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

/** C1 controls; embeddings, overrides and isolates of direction. */
const turns = /[\u0080-\u009f\u202a-\u202e\u2066-\u2069]/g;

function picture(code: number): string {
  return code === 0x7f ? '\u2421' : String.fromCharCode(0x2400 + code);
}
