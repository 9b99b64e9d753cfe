/** The models behind a run's critics: an endpoint, or another model folder on this machine. Opened when the first critic needs them. */
import { readFile } from 'node:fs/promises';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import type { Critic, CriticTools, Generate } from '../critics/critic.ts';
import { promptFiles } from '../critics/defaultPrompts.ts';
import type { Endpoint } from '../critics/endpoint.ts';
import { httpEndpoint } from '../critics/httpEndpoint.ts';
import { nothing, OutsideModel, type Occasion } from '../critics/outsideModel.ts';
import { compilePromptTemplate, type PromptTemplate } from '../critics/promptTemplate.ts';
import type { Spent } from '../critics/spending.ts';
import type { Providers } from '../engine/local/providers.ts';
import type { CriticSpending } from '../protocol/criticViews.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { Store } from '../store/store.ts';
import { criticModelConfig } from './criticMemory.ts';
import { closePolicy, openPolicy, type OpenPolicyOptions, type Policy } from './policy.ts';
import { PolicyVoice } from './policyVoice.ts';
import { resolveDemo } from './sources.ts';

export { EndpointError, type Endpoint, type EndpointReply } from '../critics/endpoint.ts';

/** What the process that holds a run lends its critics. */
export interface CriticSurroundings {
  /** The key of that name for the server there (`https://host:port`); undefined where there is none. */
  secretOf(name: string, origin: string): string | undefined;
  /** The language models of an editor; fails each request while none is attached. */
  readonly editor?: (model: string | null) => Endpoint;
}

const ownEnvironment: CriticSurroundings = { secretOf: (name) => process.env[name] };

export interface CriticModelsOptions extends OpenPolicyOptions {
  readonly store: Store;
  readonly surroundings?: CriticSurroundings;
}

export class CriticModels {
  private readonly options: CriticModelsOptions;
  private readonly template: PromptTemplate | null;
  private outside: OutsideModel | undefined;
  private folder: Promise<Policy> | undefined;
  private providers: Providers | undefined;

  private constructor(options: CriticModelsOptions, template: PromptTemplate | null) {
    this.options = options;
    this.template = template;
  }

  /** Throws `critic.badPrompt` for a prompt file that cannot be read or parsed. */
  static async open(options: CriticModelsOptions): Promise<CriticModels> {
    return new CriticModels(options, await readTemplate(options.config, options.demoFolder));
  }

  /** Where a model that is opened from now on computes; chosen by the configuration if this is not called. */
  computeOn({ training, sampling }: Providers): void {
    this.providers = { training, sampling };
  }

  /** Opens what the critic needs before the first token is sampled. Throws `critic.noModel`, `critic.…Endpoint`, and what opening a model throws. */
  async prepare({ name, needs }: Critic): Promise<void> {
    if (needs.model === 'endpoint') this.outsideModel(name);
    if (needs.model === 'folder') await this.folderModel(name);
  }

  /** Everything but the policy and the seeds. What cannot be opened fails as the critic's own failure. */
  async toolsFor({ name, needs }: Critic, occasion: Occasion): Promise<Omit<CriticTools, 'generate' | 'seeds'>> {
    const own = { options: this.options.config.criticOptions, template: this.template };
    if (needs.model === 'endpoint') {
      const outside = this.outsideModel(name);
      return { ...own, model: outside.generateOn(occasion), modelName: outside.endpoint.model };
    }
    if (needs.model === 'folder') {
      const policy = await this.folderModel(name);
      return { ...own, model: steadily(policy, name, occasion), modelName: this.options.config.criticOptions.modelFolder ?? '' };
    }
    return own;
  }

  async close(): Promise<void> {
    const policy = await this.folder?.catch(() => undefined);
    if (policy !== undefined) await closePolicy(policy);
  }

  private outsideModel(critic: string): OutsideModel {
    if (this.outside !== undefined) return this.outside;
    const { config, store, id } = this.options;
    this.outside = new OutsideModel({
      endpoint: this.endpoint(critic),
      options: config.criticOptions,
      cache: { get: (hash) => store.criticReply(hash), keep: (hash, reply) => store.keepCriticReply(hash, reply) },
      spentBefore: store.run(id) === null ? { tokens: 0, money: 0 } : spentOf(store.criticSpending(id)),
      onPaid: (payment) => store.addCriticPayment(id, payment),
    });
    return this.outside;
  }

  private endpoint(critic: string): Endpoint {
    const { surroundings = ownEnvironment, config } = this.options;
    const { endpoint, baseUrl, model, apiKeyEnvironment } = config.criticOptions;
    if (endpoint === 'editor') {
      if (surroundings.editor !== undefined) return surroundings.editor(model);
      throw noModel(critic, 'the editor’s language models, and this run is not held by an editor’s backend', 'Start the run from the editor');
    }
    if (baseUrl === null || model === null) {
      throw noModel(critic, 'a model at an endpoint', 'Set criticOptions.baseUrl and criticOptions.model');
    }
    const { origin } = new URL(baseUrl);
    return httpEndpoint({ baseUrl, model, key: () => surroundings.secretOf(apiKeyEnvironment, origin) });
  }

  private folderModel(critic: string): Promise<Policy> {
    const config = criticModelConfig(this.options.config);
    if (config === null) throw noModel(critic, 'another model', 'Set criticOptions.modelFolder');
    this.folder ??= openPolicy({
      ...this.options,
      id: `${this.options.id}-critic`,
      config,
      observer: {},
      ...(this.providers === undefined ? {} : { providers: this.providers }),
    }).catch((error: unknown) => {
      this.folder = undefined;
      throw error;
    });
    return this.folder;
  }
}

/** Begins the name of a prompt that comes with the program. */
const builtIn = 'builtin:';

function spentOf({ paid: { training, studies } }: CriticSpending): Spent {
  const tokens = [training, studies].reduce((sum, { promptTokens, completionTokens }) => sum + promptTokens + completionTokens, 0);
  return { tokens, money: training.cost + studies.cost };
}

/** The run's own prompt; null for the built-in one. Throws `critic.badPrompt`. */
export async function readTemplate({ criticOptions: { promptFile } }: RunConfig, demoFolder: string): Promise<PromptTemplate | null> {
  if (promptFile === null) return null;
  if (promptFile.startsWith(builtIn)) {
    const source = promptFiles[`${promptFile.slice(builtIn.length)}.jinja`];
    if (source !== undefined) return compilePromptTemplate(source, promptFile);
    throw new WorkbenchError({
      code: 'critic.badPrompt',
      message: `There is no built-in prompt ${promptFile}.`,
      remedy: `Choose one of: ${Object.keys(promptFiles)
        .map((name) => builtIn + name.replace('.jinja', ''))
        .join(', ')}.`,
    });
  }
  try {
    return compilePromptTemplate(await readFile(resolveDemo(promptFile, demoFolder), 'utf8'), promptFile);
  } catch (error) {
    if (error instanceof WorkbenchError) throw error;
    throw new WorkbenchError({
      code: 'critic.badPrompt',
      message: `The critic's prompt ${promptFile} cannot be read: ${messageOf(error)}.`,
      remedy: 'Correct criticOptions.promptFile, or leave it out for the built-in prompt.',
      cause: error,
    });
  }
}

/** A model folder as a critic has it: its engine may die, which is not the run's failure. */
function steadily(policy: Policy, critic: string, { notice, signal }: Occasion): Generate {
  const { maxTokens } = policy.config.criticOptions;
  const limit = Math.max(1, Math.min(maxTokens, Math.floor(policy.contextLength / 2)));
  return async (...asked) => {
    for (let isSecond = false; ; isSecond = true) {
      const voice = new PolicyVoice({ ...policy, signal }, critic, notice, limit);
      try {
        return await voice.generate(...asked);
      } catch (error) {
        signal.throwIfAborted();
        const isDead = error instanceof WorkbenchError && error.code === 'engine.died';
        if (isDead && !isSecond) {
          await policy.engine.reopen();
          continue;
        }
        const [conversations] = asked;
        notice('critic.outage', `The model of the critic "${critic}" failed: ${messageOf(error)} The run goes on without it.`);
        return conversations.map(() => ({ ...nothing, error: messageOf(error) }));
      }
    }
  };
}

function noModel(critic: string, what: string, remedy: string): WorkbenchError {
  return new WorkbenchError({
    code: 'critic.noModel',
    message: `The critic ${critic} asks ${what}.`,
    remedy: `${remedy}, or choose another critic.`,
  });
}
