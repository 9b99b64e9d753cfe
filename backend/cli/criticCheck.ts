/** Whether the run's critic can be asked: its prompt, its model, and the endpoint behind it. Nothing is paid. */
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import { messageOf } from '../core/errors.ts';
import { httpEndpoint } from '../critics/httpEndpoint.ts';
import type { CriticOptions } from '../protocol/criticConfig.ts';
import { criticModelBytes } from '../training/criticMemory.ts';
import { readTemplate } from '../training/criticModels.ts';
import { findCritic } from '../training/findPlugin.ts';
import { bytesText } from '../training/memory.ts';
import type { Check, Finding, Patient } from './doctorCheck.ts';

const answerMs = 10_000;

export const criticCheck: Check = {
  name: 'critic',
  needs: ['longestPrompt'],
  async examine({ config, context, signal, secretOf = (name) => process.env[name] }, { longestPrompt = 0 }) {
    const critic = findCritic(config.critic);
    if (!findAlgorithm(config.algorithm).needs.critiques) return { status: 'ok', detail: 'none, as the algorithm has it' };
    await readTemplate(config, context.demoFolder);
    const { model } = critic.needs;
    if (model === undefined) return { status: 'ok', detail: `${critic.name}, ${critic.needs.generation ? 'asks the policy' : 'follows a rule'}` };
    if (model === 'endpoint') return examineEndpoint(config.criticOptions, secretOf, signal);
    const { modelFolder } = config.criticOptions;
    if (modelFolder === null) return missing('criticOptions.modelFolder');
    const bytes = await criticModelBytes(critic, config, longestPrompt, context.demoFolder);
    return { status: 'ok', detail: `${critic.name}, ${modelFolder}: about ${bytesText(bytes)} more` };
  },
};

/** An endpoint that does not answer now may answer then, and costs critiques at worst: a warning. */
async function examineEndpoint(options: CriticOptions, secretOf: NonNullable<Patient['secretOf']>, signal: AbortSignal): Promise<Finding> {
  const { endpoint, baseUrl, model, apiKeyEnvironment, budget } = options;
  if (endpoint === 'editor') return { status: 'ok', detail: `${model ?? 'a language model'} of the editor, while one is attached` };
  if (baseUrl === null || model === null) return missing('criticOptions.baseUrl and criticOptions.model');
  const key = secretOf(apiKeyEnvironment, new URL(baseUrl).origin);
  const asked = httpEndpoint({ baseUrl, model, key: () => key });
  const keyText = key === undefined ? `no key ${apiKeyEnvironment}` : `key ${apiKeyEnvironment}`;
  let known: string[];
  try {
    known = await asked.models(AbortSignal.any([signal, AbortSignal.timeout(answerMs)]));
  } catch (error) {
    signal.throwIfAborted();
    return {
      status: 'warning',
      detail: `${asked.title} (${keyText}) does not answer: ${messageOf(error)}.`,
      remedy: `Check criticOptions.baseUrl, and the key ${apiKeyEnvironment}. The run would go on with the fallback of criticOptions.`,
    };
  }
  if (!known.includes(model)) {
    const some = known.slice(0, 8).join(', ');
    return {
      status: 'warning',
      detail: `${baseUrl} answers, but names no model "${model}"${some === '' ? '' : `; it has ${some}`}.`,
      remedy: 'Correct criticOptions.model, unless the server knows more than it lists.',
    };
  }
  const isOpen = budget.tokens === null && budget.money === null;
  return { status: 'ok', detail: `${asked.title}, ${keyText}${isOpen ? ', no budget' : ''}` };
}

function missing(settings: string): Finding {
  return { status: 'failed', detail: `The critic needs ${settings}.`, remedy: 'Name it in the run file, or choose another critic.' };
}
