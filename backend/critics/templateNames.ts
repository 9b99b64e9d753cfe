/** The names in a Jinja template that nothing defines: a misspelled variable would otherwise be left blank without a word. */

/** A node of the parsed template; only what is looked at is typed. */
interface Node {
  readonly type: string;
  readonly [part: string]: unknown;
}

/** What the template language itself provides. */
const builtIn = ['loop', 'range', 'namespace', 'caller', 'true', 'false', 'none', 'True', 'False', 'None', 'raise_exception', 'strftime_now'];

/** In order of appearance, each once. `program` is the template as parsed; what it sets, loops over or defines counts as known everywhere. */
export function unknownNames(program: unknown, known: readonly string[]): string[] {
  const defined = new Set([...builtIn, ...known]);
  const used = new Set<string>();
  const know = (target: unknown): void => identifiersIn(target).forEach((name) => defined.add(name));
  const visit = (part: unknown): void => {
    if (Array.isArray(part)) part.forEach(visit);
    if (!isNode(part)) return;
    switch (part.type) {
      case 'Identifier':
        used.add(String(part['value']));
        return;
      case 'MemberExpression':
        visit(part['object']);
        if (part['computed'] === true) visit(part['property']);
        return;
      case 'FilterExpression':
        visit(part['operand']);
        // The filter's own name is none of a variable.
        if (isNode(part['filter'])) visit(part['filter']['args']);
        return;
      case 'TestExpression':
        visit(part['operand']);
        return;
      case 'KeywordArgumentExpression':
        visit(part['value']);
        return;
      case 'Set':
        know(part['assignee']);
        break;
      case 'For':
        know(part['loopvar']);
        break;
      case 'Macro':
        know([part['name'], part['args']]);
        break;
    }
    for (const [name, child] of Object.entries(part)) if (name !== 'type') visit(child);
  };
  visit(program);
  return [...used].filter((name) => !defined.has(name));
}

function identifiersIn(part: unknown): string[] {
  if (Array.isArray(part)) return part.flatMap(identifiersIn);
  if (!isNode(part)) return [];
  if (part.type === 'Identifier') return [String(part['value'])];
  if (part.type === 'KeywordArgumentExpression') return identifiersIn(part['key']);
  return part.type === 'TupleLiteral' ? identifiersIn(part['value']) : [];
}

function isNode(part: unknown): part is Node {
  return typeof part === 'object' && part !== null && 'type' in part;
}
