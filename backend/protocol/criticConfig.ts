/** What a run file says about its critic: the model behind it, its limits, its prompts. */
import { z } from 'zod';

export const criticOptionsSchema = z.strictObject({});
export type CriticOptions = z.infer<typeof criticOptionsSchema>;
