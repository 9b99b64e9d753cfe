/** The first place where two pieces of plain data differ. */

export interface Difference {
  /** E.g. `metrics.entropy` or `tokens[3]`. */
  readonly path: string;
  readonly kept: unknown;
  readonly offered: unknown;
}

/** Order of keys does not matter; paths in `ignored` are equal by decree. */
export function difference(kept: unknown, offered: unknown, ignored: readonly string[] = [], path = ''): Difference | null {
  if (ignored.includes(path) || Object.is(kept, offered)) {
    return null;
  }
  if (!isContainer(kept) || !isContainer(offered) || Array.isArray(kept) !== Array.isArray(offered)) {
    // A stored number has no sign of zero.
    return kept === offered ? null : { path, kept, offered };
  }
  const inArray = Array.isArray(kept);
  for (const key of new Set([...Object.keys(kept), ...Object.keys(offered)])) {
    const at = inArray ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    const found = difference(kept[key], offered[key], ignored, at);
    if (found !== null) {
      return found;
    }
  }
  return null;
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
