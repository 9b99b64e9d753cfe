/** Completions that are a sequence of tags, such as `<think>…</think><answer>…</answer>`. */

/** What is wrong with the form of a completion, or the text inside each tag. */
export type TagForm = { readonly texts: readonly string[] } | { readonly problem: string };

/** Whether a completion is these tags, each once and in this order, with nothing but blanks around them. Linear in its length. */
export function readTagForm(completion: string, tags: readonly string[]): TagForm {
  const texts: string[] = [];
  let at = 0;
  for (const tag of tags) {
    const [open, close] = [`<${tag}>`, `</${tag}>`];
    const start = completion.indexOf(open, at);
    if (start < 0) return { problem: `${open} is missing` };
    if (completion.slice(at, start).trim() !== '') return { problem: `there is text before ${open}` };
    const end = completion.indexOf(close, start + open.length);
    if (end < 0) return { problem: `${close} is missing` };
    texts.push(completion.slice(start + open.length, end));
    at = end + close.length;
  }
  if (completion.slice(at).trim() !== '') return { problem: `there is text behind </${tags.at(-1) ?? ''}>` };
  const second = tags.find((tag) => completion.split(`<${tag}>`).length > 2 || completion.split(`</${tag}>`).length > 2);
  return second === undefined ? { texts } : { problem: `<${second}> is there more than once` };
}
