/** A strict reader of the XML that charts are made of: elements, attributes and text; throws for what is not well-formed. */

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Elements around it. */
  readonly depth: number;
  /** Its own text. */
  text: string;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** In document order. */
export function elementsOf(xml: string): XmlElement[] {
  const elements: XmlElement[] = [];
  const open: XmlElement[] = [];
  const pattern = /<(\/?)([A-Za-z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
  while (pattern.lastIndex < xml.length) {
    const at = pattern.lastIndex;
    const found = pattern.exec(xml);
    if (found === null) throw new Error(`Not well-formed at ${at}: ${xml.slice(at, at + 40)}`);
    const [, closing, name = '', attributes = '', empty, text] = found;
    const parent = open.at(-1);
    if (text !== undefined) {
      if (parent !== undefined) parent.text += decoded(text);
      else if (text.trim() !== '') throw new Error(`Text outside of the root: ${text}`);
    } else if (closing === '/') {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes nothing at ${at}`);
    } else {
      if (parent === undefined && elements.length > 0) throw new Error(`A second root at ${at}`);
      const element = { name, attributes: attributesOf(attributes), depth: open.length, text: '' };
      elements.push(element);
      if (empty !== '/') open.push(element);
    }
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)?.name}> is not closed`);
  return elements;
}

function attributesOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, decoded(value)] as const);
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) throw new Error(`An attribute twice in ${text}`);
  return Object.fromEntries(pairs);
}

function decoded(text: string): string {
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text)) throw new Error('A character that no XML document may hold');
  return text.replace(/&(\w*;?)/g, (_, entity: string) => {
    const character = entity.endsWith(';') ? entities[entity.slice(0, -1)] : undefined;
    if (character === undefined) throw new Error(`A bare & in ${text}`);
    return character;
  });
}
