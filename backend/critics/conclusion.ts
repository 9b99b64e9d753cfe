/** What a critique concludes about the answer, in the words that prompts ask for. */

const marker = /\[END\]/i;
// Emphasis, brackets and a few words are what models put before the word. Every repetition is bounded.
const decoration = String.raw`[*_\`"'\s[({$]{0,8}`;
const lead = String.raw`(?:(?:so\s{1,3})?(?:the|this)\s{1,3}(?:student['’]s\s{1,3})?(?:final\s{1,3})?(?:answer|solution|response)\s{1,3}is\s{1,3})?`;
const line = new RegExp(
  String.raw`\b(?:conclusion|verdict)${decoration}[:：]${decoration}${lead}${decoration}(?:\\(?:boxed|text)\{){0,2}\b(right|correct|wrong|incorrect)\b`,
  'gi',
);

/** The last conclusion in the text; null where there is none that can be read. */
export function conclusionOf(critique: string): 'right' | 'wrong' | null {
  let last: string | undefined;
  for (const [, word] of critique.matchAll(line)) last = word?.toLowerCase();
  if (last === undefined) return null;
  return last === 'right' || last === 'correct' ? 'right' : 'wrong';
}

/** The critique as a reader gets it: without the thoughts before it and without what follows its end marker. */
export function critiqueText(reply: string): string {
  const thought = /^\s*<think>[^]*?<\/think>/i.exec(reply)?.[0] ?? '';
  const unthought = reply.slice(thought.length);
  // Thoughts that never ended are no critique.
  if (/^\s*<think>/i.test(unthought)) return '';
  const end = marker.exec(unthought)?.index ?? unthought.length;
  return unthought.slice(0, end).trim();
}
