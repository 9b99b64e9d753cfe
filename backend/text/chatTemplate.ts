/** A model's chat template: turns a conversation into the text that the model was trained on. */
import { Template } from '@huggingface/jinja';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import type { Message } from '../protocol/records.ts';

/** What the model is about to write. Templates may ask for it by the variable `purpose`; ordinary ones ignore it. */
export type Purpose = 'answer' | 'critique';

export interface ChatTemplateOptions {
  /** End with the opening of the assistant's turn. */
  readonly addGenerationPrompt: boolean;
  readonly purpose: Purpose;
}

export type ChatTemplate = (messages: readonly Message[], options: ChatTemplateOptions) => string;

/** Compiles a Jinja chat template once; `specialTokens` are its variables such as `bos_token`. `origin` names the file in errors. */
export function compileChatTemplate(source: string, specialTokens: Readonly<Record<string, string>>, origin: string): ChatTemplate {
  const template = parse(source, origin);
  return (messages, { addGenerationPrompt, purpose }) => {
    try {
      return template.render({
        ...specialTokens,
        messages: messages.map(({ role, content }) => ({ role, content })),
        add_generation_prompt: addGenerationPrompt,
        purpose,
        // As Hugging Face's own caller does: present and None.
        tools: null,
        documents: null,
      });
    } catch (cause) {
      throw new WorkbenchError({
        code: 'chatTemplate.failed',
        message: `The chat template of ${origin} cannot render a conversation of ${messages.map(({ role }) => role).join(', ')}: ${messageOf(cause)}.`,
        remedy: 'Use a conversation that the template supports (many refuse a system message or two turns of a role), or change it.',
        cause,
      });
    }
  };
}

function parse(source: string, origin: string): Template {
  try {
    return new Template(source);
  } catch (cause) {
    throw new WorkbenchError({
      code: 'chatTemplate.invalid',
      message: `The chat template of ${origin} does not parse: ${messageOf(cause)}.`,
      remedy: 'Correct the template, or copy it again from the model’s origin.',
      cause,
    });
  }
}
