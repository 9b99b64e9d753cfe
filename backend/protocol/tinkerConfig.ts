/** The part of a run file that names a Tinker-compatible server, on which a run trains in place of this machine. */
import { z } from 'zod';

export const tinkerSchema = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .describe('Address of the server, without /api/v1. Plain http for this machine only; forward a port (ssh -L) or use https for others.'),
  model: z
    .string()
    .min(1)
    .describe('The base model as the server calls it; model.path is its folder here, of which tokenizer and configuration are read.'),
  loraRank: z.number().int().min(0).default(32).describe('Rank of the adapter that is trained; 0 trains all weights, where the server can.'),
  gradientScale: z
    .enum(['measure', 'sum', 'mean'])
    .default('measure')
    .describe(
      'How the server adds up losses over tokens. measure: find out at the start, with two gradients of a model made for that. sum: as the Tinker service. mean: over tokens, then over sequences, as SkyRL on JAX.',
    ),
});
export type TinkerConfig = z.infer<typeof tinkerSchema>;
