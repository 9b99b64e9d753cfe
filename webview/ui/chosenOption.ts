/** Which option of a `vscode-dropdown` is chosen. */
import { nothing } from 'lit';
import { directive, Directive, PartType, type ChildPart, type DirectiveResult, type PartInfo } from 'lit/directive.js';

/**
 * The dropdown learns of its options a moment after they are on the page, and takes a value that none of them has yet for none at all. Placed behind
 * the options, this sets the value after that moment, whenever the page is drawn.
 */
class ChosenOption extends Directive {
  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.CHILD) throw new Error('The chosen option is given behind the options.');
  }

  override render(_id: string): unknown {
    return nothing;
  }

  override update(part: ChildPart, [id]: [string]): unknown {
    const dropdown = part.parentNode as HTMLElement & { value: string };
    queueMicrotask(() => {
      if (dropdown.value !== id) dropdown.value = id;
    });
    return nothing;
  }
}

const chosenDirective = directive(ChosenOption);

export function chosenOption(id: string): DirectiveResult {
  return chosenDirective(id);
}
