/** What a model family is: one file in `families/`, listed by the generated index. */
import type { ModelConfig } from './config.ts';

export interface ModelFamily {
  /** `model_type` in config.json. */
  readonly name: string;
  readonly summary: string;
  /** Reads a parsed config.json. Throws `model.config` with what is missing or not supported. */
  parse(json: ConfigJson): ModelConfig;
}

export type ConfigJson = Readonly<Record<string, unknown>>;
