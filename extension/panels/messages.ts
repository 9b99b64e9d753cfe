/** Checks what a webview sends. A page shows hostile text, so its messages are taken at their word only after this. */
import { z } from 'zod';
import { requestSchemas, type Params } from '../../backend/protocol/methods.ts';
import { rolloutFilterSchema } from '../../backend/protocol/views.ts';
import { webviewMethods, type HostAction, type PanelView, type ToHost, type WebviewMethod } from '../contract.ts';

export type CheckedMessage =
  { readonly ok: true; readonly message: ToHost } | { readonly ok: false; readonly requestId: number | null; readonly reason: string };

const id = z.string().min(1).max(1000);
const text = z.string().max(1_000_000);

const placeSchema = z.discriminatedUnion('page', [
  z.strictObject({ page: z.literal('group'), groupId: id }),
  z.strictObject({ page: z.literal('problem'), problemId: id }),
  z.strictObject({ page: z.literal('tokens'), rolloutId: id, groupId: id }),
]);

export const panelViewSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('run'), runId: id, overlays: z.array(id).max(100) }),
  z.strictObject({ kind: z.literal('rollouts'), runId: id, filter: rolloutFilterSchema, open: placeSchema.nullable() }),
  z.strictObject({ kind: z.literal('lab'), runId: id, rolloutId: id }),
  z.strictObject({ kind: z.literal('experiment'), experimentId: id }),
]);

const actionSchema = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('openFailure'), runId: id, rolloutId: id }),
  z.strictObject({ do: z.literal('openDiff'), runId: id, rolloutId: id, refinementId: id }),
  z.strictObject({ do: z.literal('openPanel'), view: panelViewSchema }),
  z.strictObject({ do: z.literal('trainOn'), runId: id, rolloutId: id, text: z.string().min(1).max(100_000) }),
  z.strictObject({ do: z.literal('runCommand'), command: z.enum(['pause', 'resume', 'stop', 'evaluate', 'compareRuns']), runId: id }),
  z.strictObject({ do: z.literal('copyText'), text }),
  z.strictObject({ do: z.literal('openReport'), experimentId: id }),
]);

const messageSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('request'), id: z.number().int(), method: z.enum(webviewMethods), params: z.unknown() }),
  z.strictObject({ type: z.literal('cancel'), id: z.number().int() }),
  z.strictObject({ type: z.literal('action'), action: actionSchema }),
  z.strictObject({ type: z.literal('viewChanged'), view: panelViewSchema }),
]);

/** What a page may ask for less freely than others: it starts experiments that are known, never a text that it brings. */
const pageSchemas: Partial<Record<WebviewMethod, z.ZodType>> = {
  'experiment/start': z.strictObject({ source: z.strictObject({ id }) }),
};

export function checkMessage(raw: unknown): CheckedMessage {
  const requestId = requestIdOf(raw);
  const parsed = messageSchema.safeParse(raw);
  if (!parsed.success) return { ok: false, requestId, reason: z.prettifyError(parsed.error) };
  const message = parsed.data;
  switch (message.type) {
    case 'request': {
      const params = (pageSchemas[message.method] ?? requestSchemas[message.method]).safeParse(message.params);
      if (!params.success) return { ok: false, requestId, reason: `${message.method}: ${z.prettifyError(params.error)}` };
      return { ok: true, message: { ...message, params: message.params as Params<WebviewMethod> } };
    }
    case 'action':
      return { ok: true, message: { type: 'action', action: message.action as HostAction } };
    case 'viewChanged':
      return { ok: true, message: { type: 'viewChanged', view: message.view as PanelView } };
    case 'ready':
    case 'cancel':
      return { ok: true, message };
  }
  return message satisfies never;
}

/** A view that this host remembered; null when it is not one. */
export function checkPanelView(raw: unknown): PanelView | null {
  const parsed = panelViewSchema.safeParse(raw);
  return parsed.success ? (parsed.data as PanelView) : null;
}

/** The view in what a page kept of itself across a reload of the window; null when there is none to trust. */
export function viewOfState(state: unknown): PanelView | null {
  const parsed = z.looseObject({ view: z.unknown() }).safeParse(state);
  return parsed.success ? checkPanelView(parsed.data.view) : null;
}

function requestIdOf(raw: unknown): number | null {
  const parsed = z.looseObject({ type: z.literal('request'), id: z.number().int() }).safeParse(raw);
  return parsed.success ? parsed.data.id : null;
}
