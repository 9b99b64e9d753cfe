/** How a failure is shown in a terminal. */
import { expect, it } from 'vitest';
import { failureText } from '../../../backend/cli/main.ts';
import { WorkbenchError } from '../../../backend/core/errors.ts';

it('quotes a data set without obeying it, line by line', () => {
  const message = 'Two rows are broken:\n- "\u001b]0;owned\u0007\u202e"\n- ""';
  const shown = failureText(new WorkbenchError({ code: 'dataset.brokenRow', message, remedy: 'Correct them.' }));
  expect(shown.split('\n')).toEqual(['critique-grpo: Two rows are broken:', '- "␛]0;owned␇⟨U+202E⟩"', '- "" Correct them.', '(dataset.brokenRow)']);
});
