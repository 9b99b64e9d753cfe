/** Every request and who answers it. */
import { criticHandlers } from './handlers/critics.ts';
import { critiqueHandlers } from './handlers/critiques.ts';
import { experimentHandlers } from './handlers/experiments.ts';
import { rolloutHandlers } from './handlers/rollouts.ts';
import { runHandlers } from './handlers/runs.ts';
import { verifierHandlers } from './handlers/verifiers.ts';
import { workspaceHandlers } from './handlers/workspace.ts';
import type { Handlers } from './service.ts';

export const handlers: Handlers = {
  ...workspaceHandlers,
  ...runHandlers,
  ...rolloutHandlers,
  ...critiqueHandlers,
  ...criticHandlers,
  ...verifierHandlers,
  ...experimentHandlers,
};
