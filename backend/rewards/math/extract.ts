/** Finds where a completion states its answer: `\boxed{}`, "answer is", and where neither is, its last formula or number. Linear in time. */

export interface Candidate {
  readonly text: string;
  /** `boxed` and `stated` are marked as the answer; `whole` is a short text that is nothing else; the others are what comes last. */
  readonly form: 'boxed' | 'stated' | 'whole' | 'formula' | 'number';
  /** Nothing but blanks follows, so that a completion cut at its length limit may have been cut inside of it. */
  readonly isAtEnd: boolean;
}

interface Span {
  readonly start: number;
  /** Behind its closing mark. */
  readonly end: number;
  readonly text: string;
  readonly isClosed: boolean;
}

/** What stands further from the end is not looked at. */
const maxLength = 100_000;
/** Formulas and numbers that are tried before a completion counts as without an answer. */
const maxFallbacks = 4;
/** A sentence that names a choice, and perhaps what it says. */
const choice = /^\(?[A-J]\)?[.):](?:\s|$)/u;

/** Best first. A reader takes the first that it can read. */
export function findAnswers(completion: string): readonly Candidate[] {
  const text = answerPart(completion);
  const found: { readonly place: number; readonly candidates: readonly Candidate[] }[] = [];
  const box = lastBoxes(text);
  if (box !== null) found.push({ place: box.place, candidates: [box.candidate] });
  const statement = lastMatch(text, /\banswer\b[\s*_]{0,4}(?:is\b|[:=：])|\banswer\s{1,3}(?=\$|\\[([])/giu);
  if (statement !== null) found.push({ place: statement.end, candidates: statedAnswers(text, statement.end) });
  const marked = found.sort((a, b) => b.place - a.place).flatMap(({ candidates }) => candidates);
  const isSettled = marked.some(
    ({ form, text: stated }) => form === 'boxed' || /^(?:[Nn]ot|[Nn]ever|[Nn]either)\b/u.test(stated) || choice.test(stated),
  );
  return isSettled ? marked : [...marked, ...unmarkedAnswers(text)];
}

/** Without the thinking before it and the tokens of a chat template behind it. */
function answerPart(completion: string): string {
  const recent = completion.slice(-maxLength);
  const thought = recent.lastIndexOf('</think>');
  const spoken = thought < 0 ? recent : recent.slice(thought + '</think>'.length);
  const template = spoken.search(/<\|(?:im_start|im_end|endoftext|eot_id|end|user)\|>/u);
  return template < 0 ? spoken : spoken.slice(0, template);
}

/** The last `\boxed{}`, with those before it that are joined to it: `\boxed{1}, \boxed{2} and \boxed{3}`. */
function lastBoxes(text: string): { readonly place: number; readonly candidate: Candidate } | null {
  const boxes: Span[] = [];
  for (const match of text.matchAll(/\\f?boxed\s{0,4}(?:\{|(?=[\da-zA-Z]))/gu)) {
    const start = match.index + match[0].length;
    if (start < (boxes.at(-1)?.end ?? 0)) continue;
    boxes.push(match[0].endsWith('{') ? readGroup(text, start) : { start, end: start + 1, text: text.charAt(start), isClosed: true });
  }
  const last = boxes.at(-1);
  if (last === undefined) return null;
  const joined = [last.text];
  for (let i = boxes.length - 1; i > 0; i--) {
    const [box, next] = [boxes[i - 1], boxes[i]];
    if (box === undefined || next === undefined || !isJoint(text.slice(box.end, next.start))) break;
    if (!joined.includes(box.text)) joined.unshift(box.text);
  }
  const suffix = joined.length === 1 ? suffixOf(text.slice(last.end, last.end + 40)) : '';
  const isAtEnd = !last.isClosed && text.slice(last.end).trim() === '';
  return { place: last.start, candidate: { text: joined.join(', ') + suffix, form: 'boxed', isAtEnd } };
}

/** What may stand between two parts of one answer: separators, or a few words with `and` or `or`. */
function isJoint(gap: string): boolean {
  if (gap.length > 80) return false;
  const words = gap
    .replace(/\\f?boxed\s*\{?$/u, '')
    .replace(/\\(?:text|mbox|textbf|mathrm|quad|qquad)|\\[,;:! [\]()]|[{}$\s]+/gu, ' ')
    .trim();
  if (/^[,;\s]*$/u.test(words)) return true;
  const isName = /^(?:(?:[,;=]|and|or|[a-zA-Z](?:_?\s?\d)?)(?:\s+|$))+$/u.test(words);
  return (/\b(?:and|or)\b/u.test(words) || isName) && words.split(/\s+/u).length <= 8 && !/[.!?]\s/u.test(words);
}

/** From behind `{` to its `}`; an unclosed group ends with its line. */
function readGroup(text: string, start: number): Span {
  let depth = 1;
  for (let i = start; i < text.length; i++) {
    const char = text[i];
    if (char === '\\') i++;
    else if (char === '{') depth++;
    else if (char === '}' && --depth === 0) return { start, end: i + 1, text: text.slice(start, i).trim(), isClosed: true };
  }
  const line = text.slice(start).search(/[\r\n]/u);
  const end = line < 0 ? text.length : start + line;
  return { start, end, text: text.slice(start, end).trim(), isClosed: false };
}

function suffixOf(after: string): string {
  const match = /^\s?(?:\$|\\\)|\\\])?\s?(\\?%|percent\b|pct\b|\^\s?\{?\\circ\}?|degrees\b)/u.exec(after);
  return match === null ? '' : ` ${match[1] ?? ''}`;
}

/** What "the answer is" says: the sentence, if it is nothing but an answer, else the formula or number in it. */
function statedAnswers(text: string, start: number): readonly Candidate[] {
  const rest = text.slice(start, start + 4000).replace(/^(?:[\s*_:=：]|therefore|thus|simply|that)+/iu, '');
  const offset = Math.min(text.length, start + 4000) - rest.length;
  const isBlock = /^(?:\\\[|\$\$)/u.test(rest);
  const sentence = isBlock ? (formulasOf(rest)[0]?.text ?? rest) : firstSentence(rest);
  const isAtEnd = text.slice(offset + sentence.length).trim() === '';
  const candidates: Candidate[] = [];
  if (sentence !== '') candidates.push({ text: sentence.replace(/^(?:option|choice)\s/iu, ''), form: 'stated', isAtEnd });
  // "C. 12 apples" is a choice.
  if (choice.test(sentence)) return candidates;
  const spans = joinedSpans(sentence, formulasAndNumbers(sentence));
  const leading = spans.find(({ start: place }) => /^(?:[a-z]{1,12}\s){0,2}["“]?$/u.test(sentence.slice(0, place)));
  for (const span of [leading, spans.at(-1)]) {
    if (span !== undefined && !isDenied(sentence.slice(0, span.start)))
      candidates.push({ text: span.text, form: 'stated', isAtEnd: isAtEnd && span.end >= sentence.length });
  }
  return candidates;
}

/** "not 5" states no answer. */
function isDenied(before: string): boolean {
  return /\b(?:not|never|isn't|cannot)\s+(?:[a-z]+\s+)?[$"(\\]*$/iu.test(before);
}

/** Up to a full stop behind which a new sentence begins, or the end of the line. */
function firstSentence(text: string): string {
  const line = /^[^\r\n]*/u.exec(text)?.[0] ?? '';
  const end = line.search(/[.!?](?:["”*]{0,3})\s+(?:[A-Z][a-z']|I\s)/u);
  return (end < 0 ? line : line.slice(0, end + 1)).trim();
}

/** The answer of a completion that marks none: a short text as a whole, then the last formulas, and the last number of the last line. */
function unmarkedAnswers(text: string): readonly Candidate[] {
  const whole = text.trim();
  const candidates: Candidate[] = [];
  if (whole !== '' && whole.length <= 200 && !/[\r\n]/u.test(whole)) candidates.push({ text: whole, form: 'whole', isAtEnd: true });
  const lineStart = Math.max(text.trimEnd().lastIndexOf('\n'), 0);
  const spans = joinedSpans(
    text,
    [...formulasOf(text), ...numbersOf(text.slice(lineStart), lineStart)].sort((a, b) => a.start - b.start),
  );
  for (const span of spans.slice(-maxFallbacks).reverse()) {
    const isAtEnd = text.slice(span.end).trim() === '';
    candidates.push({ text: span.text + suffixOf(text.slice(span.end, span.end + 40)), form: isNumber(span) ? 'number' : 'formula', isAtEnd });
  }
  return candidates;
}

function isNumber(span: Span): boolean {
  return span.end - span.start === span.text.length;
}

function formulasAndNumbers(text: string): readonly Span[] {
  return [...formulasOf(text), ...numbersOf(text, 0)].sort((a, b) => a.start - b.start);
}

/** Spans without those inside of others; what only separators join is one. */
function joinedSpans(text: string, spans: readonly Span[]): readonly Span[] {
  const joined: Span[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last !== undefined && span.start < last.end) continue;
    const gap = last === undefined ? null : text.slice(last.end, span.start);
    if (last !== undefined && gap !== null && !isNumber(last) && !isNumber(span) && /^[\s,;]*(?:(?:and|or)\s*)?$/u.test(gap)) {
      joined[joined.length - 1] = { ...span, start: last.start, text: `${last.text}, ${span.text}` };
    } else joined.push(span);
  }
  return joined;
}

const openings = /(?<!\\)\$\$|\\\[|\\\(|(?<!\\)\$/gu;
const closings: Readonly<Record<string, string>> = { $$: '$$', '\\[': '\\]', '\\(': '\\)', $: '$' };

/** Formulas between dollars or brackets; only displayed ones may have several lines. */
function formulasOf(text: string): readonly Span[] {
  const spans: Span[] = [];
  openings.lastIndex = 0;
  for (let match = openings.exec(text); match !== null; match = openings.exec(text)) {
    const [opening] = match;
    const start = match.index + opening.length;
    const close = closings[opening] ?? opening;
    const end = endOfFormula(text, start, close, opening === '$$' || opening === '\\[');
    if (end < 0) continue;
    spans.push({ start: match.index, end: end + close.length, text: text.slice(start, end).trim(), isClosed: true });
    openings.lastIndex = end + close.length;
  }
  return spans.filter((span) => span.text !== '');
}

const maxFormula = 4000;

function endOfFormula(text: string, start: number, close: string, mayBreak: boolean): number {
  const part = text.slice(start, start + maxFormula);
  for (let end = part.indexOf(close); end >= 0; end = part.indexOf(close, end + 1)) {
    if (close.startsWith('$') && part[end - 1] === '\\') continue;
    return !mayBreak && /[\r\n]/u.test(part.slice(0, end)) ? -1 : start + end;
  }
  return -1;
}

const number =
  /(?<![\p{L}\d_.^\\])[-−]?(?:\$\s?)?(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+[.,]\d+|\d+|\.\d+)(?:\s?\/\s?\d+|[eE][-+]?\d+)?(?:\s?\\?%|\s(?:percent|pct)\b)?(?![\d])/gu;

/** Numbers in words around them; one that is part of a name is none. */
function numbersOf(text: string, offset: number): readonly Span[] {
  return [...text.matchAll(number)].flatMap((match) => {
    const end = match.index + match[0].length;
    if (/^[A-Z]/u.test(text.slice(end, end + 1))) return [];
    return [{ start: offset + match.index, end: offset + end, text: match[0], isClosed: true }];
  });
}

function lastMatch(text: string, pattern: RegExp): { readonly end: number } | null {
  let end = -1;
  for (const match of text.matchAll(pattern)) end = match.index + match[0].length;
  return end < 0 ? null : { end };
}
