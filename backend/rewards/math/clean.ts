/** Brings LaTeX and plain formulas into one spelling, so that the tokenizer knows one form of each thing. Every pattern is linear in time. */

const characters: Readonly<Record<string, string>> = {
  '−': '-',
  '–': '-',
  '—': '-',
  '×': '\\times ',
  '⋅': '\\cdot ',
  '·': '\\cdot ',
  '∙': '\\cdot ',
  '÷': '/',
  '∕': '/',
  '⁄': '/',
  '≤': '\\le ',
  '⩽': '\\le ',
  '≥': '\\ge ',
  '⩾': '\\ge ',
  '≠': '\\ne ',
  '≈': '\\approx ',
  '±': '\\pm ',
  '∓': '\\mp ',
  '∞': '\\infty ',
  '∪': '\\cup ',
  '∩': '\\cap ',
  '∖': '\\setminus ',
  '∈': '\\in ',
  '∅': '\\emptyset ',
  ℝ: '\\R ',
  ℂ: '\\C ',
  ℤ: '\\Z ',
  ℕ: '\\N ',
  '√': '\\sqrt ',
  '∛': '\\sqrt[3] ',
  '∑': '\\sum ',
  '∫': '\\int ',
  '∠': '\\angle ',
  '△': '\\triangle ',
  '°': '\\degree ',
  º: '\\degree ',
  '′': "'",
  '’': "'",
  '²': '^{2}',
  '³': '^{3}',
  '¹': '^{1}',
  '⁰': '^{0}',
  '⁴': '^{4}',
  '⁵': '^{5}',
  '⁶': '^{6}',
  '⁷': '^{7}',
  '⁸': '^{8}',
  '⁹': '^{9}',
  '½': '\\frac{1}{2}',
  '⅓': '\\frac{1}{3}',
  '⅔': '\\frac{2}{3}',
  '¼': '\\frac{1}{4}',
  '¾': '\\frac{3}{4}',
  '：': ':',
  '，': ',',
  '；': ';',
  '（': '(',
  '）': ')',
  '％': '%',
  α: '\\alpha ',
  β: '\\beta ',
  γ: '\\gamma ',
  δ: '\\delta ',
  ε: '\\epsilon ',
  θ: '\\theta ',
  λ: '\\lambda ',
  μ: '\\mu ',
  π: '\\pi ',
  ρ: '\\rho ',
  σ: '\\sigma ',
  τ: '\\tau ',
  φ: '\\phi ',
  ω: '\\omega ',
  Δ: '\\Delta ',
  Σ: '\\Sigma ',
  Ω: '\\Omega ',
};
const special = new RegExp(`[${Object.keys(characters).join('')}]`, 'gu');

/** In order: pattern and replacement. A space behind a command ends its name. */
const rules: readonly (readonly [RegExp, string])[] = [
  [/\\(?:left|right|[bB]igg?[lrm]?|middle)(?![a-zA-Z])\s?\.?(?=[\\()[\]|{}<>/.]|$)/gu, ''],
  [/\\(?:displaystyle|textstyle|scriptstyle|limits|nolimits|strut|hfill|hline|normalsize|large|Large|phantom\{[^{}]*\})(?![a-zA-Z])/gu, ' '],
  // Thousands: 1{,}000, 1,\!000, 1\,000, 1\ 000, 1~000 and 1 000.
  [/(?<=\d)\s?\{\s?,\s?\}\s?(?=\d)/gu, '\u2063'],
  [/(?<=\d),\s?\\!\s?(?=\d{3}(?!\d))/gu, '\u2063'],
  [/(?<=\d)(?:(?<!\\)\\[,;: !]|~|[\u00a0\u2009\u202f])(?=\d{3}(?!\d))/gu, '\u2063'],
  [/(?<=(?<![\d.])\d{1,3}(?:[ \u2063]\d{3}){0,9}) (?=\d{3}(?![\d/]))/gu, '\u2063'],
  [/\u2063/gu, ''],
  // 1 1/2 is one and a half.
  [/(?<![\d.,^_/{])(\d{1,6}) (\d{1,6})\s?\/\s?(\d{1,6})(?![\d.])/gu, '$1\\frac{$2}{$3}'],
  [/\\q?quad/gu, ' ; '],
  [/(?<!\\)\\(?:[,;:! ]|hspace\{[^{}]*\}|enspace|thinspace)|~|[\u00a0\u2009\u202f]/gu, ' '],
  [/\\[dtc]frac(?![a-zA-Z])/gu, '\\frac '],
  [/\\(?:dbinom|tbinom|choose)(?![a-zA-Z])/gu, '\\binom '],
  [/\^\s?\{?\s?\\(?:circ|degree)\s?\}?/gu, '\\degree '],
  [/\\circ(?![a-zA-Z])/gu, '\\degree '],
  [/\\%/gu, '%'],
  [/\\?\$|[€£¥]|\\(?:pounds|euro)(?![a-zA-Z])/gu, ' '],
  [/\\(?:leq|leqslant|le)(?![a-zA-Z])|<=|=</gu, '\\le '],
  [/\\(?:geq|geqslant|ge)(?![a-zA-Z])|>=|=>/gu, '\\ge '],
  [/\\(?:neq|ne)(?![a-zA-Z])|\\not\s?=|!=/gu, '\\ne '],
  [/\\lt(?![a-zA-Z])/gu, '<'],
  [/\\gt(?![a-zA-Z])/gu, '>'],
  [/==/gu, '='],
  [/\*\*/gu, '^'],
  [/\\(?:boxed|fbox|mathbf|boldsymbol|mathit|mathsf|bm|mathbin|mathord|pmb|mathstrut|ensuremath)(?![a-zA-Z])/gu, ' '],
  [/\\mathbb\s?\{?\s?R\s?\}?/gu, '\\R '],
  [/\\mathbb\s?\{?\s?([CZNQ])\s?\}?/gu, '\\$1 '],
  [/\\(?:mathrm|operatorname\*?|rm|mathop)\s?\{\s?(?:~|\\\s)?\s?([a-zA-Z])\s?\}/gu, ' $1 '],
  [/\\(?:mathrm|operatorname\*?|mathop)\s?\{\s?([^{}]*)\}/gu, '\\text{$1}'],
  [/(?<=[)\]])\s?U\s?(?=[([])/gu, '\\cup '],
  [/(?<=[\d)\]}])\s?(or|and)\s?(?=[\\([{a-zA-Z\d-])/gu, '\\text{ $1 }'],
  [/[.,;]\s?(?=\}{1,3}\s?$)/gu, ''],
  [/(?<![a-zA-Z\\])(?:approximately|approx\.?|about|exactly|roughly)(?![a-zA-Z])/giu, ' '],
];

const textCommands = 'text|textbf|textit|textrm|textnormal|mbox|hbox|mathrm|mathbf|operatorname|boxed|fbox';
const textGroup = new RegExp(String.raw`\\+(?:${textCommands})\s?\{([^{}]*)\}`, 'gu');
const decoration = /\\+(?:left|right|displaystyle)(?![a-zA-Z])|\\+[,;:! ]|\\+(?:quad|qquad)(?![a-zA-Z])|[$~*"“”`]/gu;

/** What remains of a text without its markup, for answers in words. Braces that group stay, since `2^{n+1}` is not `2^n+1`. */
export function plainText(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{Cf}+/gu, '')
    .replace(textGroup, ' $1 ')
    .replace(decoration, ' ')
    .replace(/\s+/gu, ' ')
    .replace(/ ?([,;]) ?/gu, '$1')
    .replace(/[\s.,;:]{1,16}$/u, '')
    .trim();
}

/** Formulas as the tokenizer expects them. */
export function cleanMath(text: string): string {
  let result = text.replace(/\p{Cf}+/gu, '').replace(special, (character) => characters[character] ?? character);
  result = withSingleBackslashes(result);
  for (const [pattern, replacement] of rules) result = result.replace(pattern, replacement);
  return result.replace(/[\s.,;:!?]{1,16}$/u, (end) => (end.includes('!') && /^!+[\s.]*$/u.test(end) ? end.replace(/[\s.]+$/u, '') : '')).trim();
}

/** LaTeX out of a JSON text has two backslashes where one is meant; a row end of a matrix has two as well. */
function withSingleBackslashes(text: string): string {
  const isEscaped = /\\\\(?:begin|frac|dfrac|boxed|left|text|sqrt|le|ge|leq|geq|pi)(?![a-zA-Z])/u.test(text);
  if (!isEscaped) return text.includes('\\begin') ? text : text.replace(/\\\\(?=[a-zA-Z])/gu, '\\');
  return text
    .replace(/\\\\\\\\/gu, '\u2028')
    .replace(/\\\\/gu, '\\')
    .replace(/\u2028/gu, '\\\\');
}
