/** Reads which choice a short text names: `(C)`, `C.`, `\text{C}`, `option C`, `C. Paris`, `Paris`. */

/** The letter as a capital; without one, what keeps the text from naming a single choice. */
export type ReadChoice = { readonly letter: string } | { readonly letter?: never; readonly problem: string };

/** Texts of choices may be formulas and sentences; what is longer than all of them names none. */
const slack = 300;

/** Null where the text names no choice at all. With no texts, any letter is a choice. */
export function readChoice(original: string, choices: readonly string[]): ReadChoice | null {
  const text = plainText(original.slice(0, longestOf(choices) + slack));
  const named = byText(text, choices);
  if (named !== null) return named;
  const match = letterForm.exec(text);
  const mark = match?.[1] ?? match?.[2] ?? match?.[3];
  if (match === null || mark === undefined) return null;
  const letter = mark.toUpperCase();
  const rest = text.slice(match[0].length).replace(/^[\s.,:;)\]}–—-]+/u, '');
  if (match[3] !== undefined && isWord(mark, text.slice(match[0].length))) return null;
  if (choices.length > 0 && letterIndex(letter) >= choices.length) return { problem: `is not among the ${choices.length} choices` };
  const other = byText(rest, choices)?.letter;
  if (other !== undefined) return other === letter ? { letter } : { problem: `names ${letter} with the text of ${other}` };
  return anotherLetter.test(rest) ? { problem: 'names more than one choice' } : { letter };
}

/** The text is that of a single choice, and nothing else. */
export function isChoiceText(text: string, choices: readonly string[]): boolean {
  if (text.length > longestOf(choices) + slack) return false;
  const wanted = comparable(plainText(text));
  return wanted !== '' && choices.filter((choice) => comparable(plainText(choice)) === wanted).length === 1;
}

function longestOf(choices: readonly string[]): number {
  return choices.reduce((length, text) => Math.max(length, text.length), 0);
}

/** (C), [C], {C}; C) C. C: or nothing behind it; or C before other words. */
const letterForm =
  /^(?:(?:the\s)?(?:correct\s)?(?:option|choice|answer)\s)?(?:[([{]\s?([a-z])\s?[)\]}]|([a-z])(?=[).:\]]|$)|([a-z])(?![\p{L}\p{N}'’]))/iu;
const anotherLetter = /^(?:(?:or|and|&|,|\/)\s*)?(?:(?:or|and)\s+|[,/&]\s*)?[([]?[A-Z][)\]]?(?:[\s.,;:)]|$)(?!\s*\p{Ll})/u;
const linking = /^\s*(?:$|[.,;:!)\]–—-]|(?:because|since|as|for|with|which|while|and|or|is|due)\b)/u;

/** A capital letter that is a word by itself, unless what follows shows that it is a choice: "A reason is …", "I think". Small letters always are. */
function isWord(mark: string, behind: string): boolean {
  if (mark !== mark.toUpperCase()) return true;
  return (mark === 'A' || mark === 'I') && !linking.test(behind);
}

/** The one choice that the text is, up to case, blanks and a final stop, or begins with before a stop or comma. */
function byText(text: string, choices: readonly string[]): ReadChoice | null {
  const wanted = comparable(text);
  // A letter is a letter, also where some choice has it for a text.
  if (wanted === '' || /^[a-z]$/u.test(wanted)) return null;
  const known = choices.map((choice) => comparable(plainText(choice)));
  const equal = known.flatMap((choice, i) => (choice === wanted ? [i] : []));
  if (equal.length > 1) return { problem: 'is the text of more than one choice' };
  const [only] = equal.length === 1 ? equal : longestBeginning(wanted, known);
  return only === undefined ? null : { letter: letterAt(only) };
}

function longestBeginning(wanted: string, known: readonly string[]): number[] {
  const beginning = known.flatMap((choice, i) =>
    choice.length > 1 && wanted.startsWith(choice) && /^[.,;]\s/u.test(wanted.slice(choice.length)) ? [i] : [],
  );
  const length = Math.max(0, ...beginning.map((i) => known[i]?.length ?? 0));
  const longest = beginning.filter((i) => known[i]?.length === length);
  return longest.length === 1 ? longest : [];
}

/** Without LaTeX and Markdown that only dresses, and without invisible characters. */
function plainText(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{Cf}+/gu, '')
    .replace(/\\(?:text|textbf|textit|mathrm|mathbf|mathit|boxed|rm|bf)(?![a-z])\s?/giu, '')
    .replace(/[*_$`"]+/gu, '')
    .replace(/\s+/gu, ' ')
    .trim()
    .replace(/^\{(.*)\}$/u, '$1');
}

function comparable(text: string): string {
  return text
    .toLowerCase()
    .replace(/^[{([]+(?=[^)\]}]*$)|[{}]/gu, '')
    .replace(/[\s.]+$/u, '');
}

function letterAt(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}

function letterIndex(letter: string): number {
  return letter.charCodeAt(0) - 'A'.charCodeAt(0);
}
