/** A real model small enough for tests: the demonstration's, with 2 layers of width 32, that guesses at answers. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Rng } from '../../backend/core/rng.ts';
import { LocalEngine } from '../../backend/engine/local/localEngine.ts';
import type { Message } from '../../backend/protocol/records.ts';
import { optimizerSchema } from '../../backend/protocol/runConfig.ts';
import { copySideFiles } from '../../backend/models/folder.ts';
import { pretrain, type WeightedDocument } from '../../backend/training/pretrain.ts';
import { demoFolder, problems, tokenizer } from './scriptedRun.ts';

export const tinyProblems = problems(4);

/**
 * Makes the model in an empty folder and returns its path. It has learned to answer each of `tinyProblems` with the answer of any of them,
 * first and after a critique, so that it is right about one time in four and has something to learn.
 */
export async function makeTinyModel(root: string): Promise<string> {
  const [blank, model] = [join(root, 'blank'), join(root, 'model')];
  for (const folder of [blank, model]) mkdirSync(folder);
  await copySideFiles(join(demoFolder, 'model'), blank);
  const config = JSON.parse(readFileSync(join(demoFolder, 'model/config.json'), 'utf8')) as object;
  writeFileSync(join(blank, 'config.json'), JSON.stringify({ ...config, hidden_size: 32, intermediate_size: 64, num_hidden_layers: 2 }));

  const engine = await LocalEngine.open({
    model: blank,
    initialSeed: 1,
    threads: 1,
    maxPositions: 512,
    keepReference: false,
    microBatchTokens: 1024,
    layerCheckpointing: false,
    maxRows: 16,
  });
  const rng = Rng.of(1, 'guesses');
  const optimizer = optimizerSchema.parse({ learningRate: 1e-2, warmupSteps: 5, beta2: 0.98 });
  await pretrain({ engine, nextDocument: () => guess(rng), updates: 60, documentsPerUpdate: 8, optimizer });
  await engine.exportWeights(model, 'merged');
  await engine.dispose();
  await copySideFiles(blank, model);
  return model;
}

/** A problem, sometimes a wrong answer with its critique, and a guess; only the guess is learned. */
function guess(rng: Rng): WeightedDocument {
  const answer = (): string => `Answer: ${rng.pick(tinyProblems).answer}.`;
  const asked: Message[] = [...rng.pick(tinyProblems).prompt];
  if (rng.uniform() < 0.5) asked.push({ role: 'assistant', content: answer() }, { role: 'user', content: 'The answer is wrong.' });
  const prompt = tokenizer.encodeConversation(asked, 'answer');
  const completion = [...tokenizer.encodeText(answer()), tokenizer.eosToken ?? 0];
  return { tokens: [...prompt, ...completion], weights: [...prompt.map(() => 0), ...completion.map(() => 1)] };
}
