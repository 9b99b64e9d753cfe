/** A process that owns an engine, for the test in which it dies. Prints the engine's process id, then samples for ever. */
import { EngineProcess } from '../../../backend/engine/local/client.ts';
import { engineOptions } from './goldenEngines.ts';

const engine = await EngineProcess.open({ ...engineOptions('qwen3'), entry: process.argv[2] as string });
console.log(engine.pid);
for (;;) await engine.sample({ prompts: [[1, 2, 3]], seeds: [[1, 2, 3]], maxTokens: 100, temperature: 1, topK: 0, topP: 1, stopTokens: [] });
