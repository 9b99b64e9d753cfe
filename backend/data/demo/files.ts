/** The generated files of `media/demo`, by path within it. The model's weights are not among them: they are trained. */
import { generationConfig, modelConfig } from './modelFiles.ts';
import { demoSeed, demoSets } from './sets.ts';
import { tokenizerConfig, tokenizerJson } from './tokenizerFiles.ts';

export function demoFiles(): Readonly<Record<string, string>> {
  const { train, trainHarder, heldOut } = demoSets(demoSeed);
  return {
    'train.jsonl': jsonLines(train),
    'trainHarder.jsonl': jsonLines(trainHarder),
    'heldOut.jsonl': jsonLines(heldOut),
    'model/config.json': json(modelConfig()),
    'model/generation_config.json': json(generationConfig()),
    'model/tokenizer.json': json(tokenizerJson()),
    'model/tokenizer_config.json': json(tokenizerConfig()),
  };
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function jsonLines(values: readonly object[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}
