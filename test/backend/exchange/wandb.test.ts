/** Offline runs of Weights & Biases, read back by the rules of their format; `test/peers/read_exports.py` has `wandb sync` read them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { writeWandb } from '../../../backend/exchange/wandb.ts';
import type { Evaluation, LevelScore } from '../../../backend/protocol/records.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { newRun, stepBatch, temporaryStore } from '../store/stepRecords.ts';

/** Fields of a message by number: bytes, or numbers. */
type Fields = ReadonlyMap<number, readonly (Buffer | number)[]>;

function fieldsOf(bytes: Buffer): Fields {
  const fields = new Map<number, (Buffer | number)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const value = varint();
    const isBytes = (tag & 7) === 2;
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), isBytes ? bytes.subarray(at, (at += value)) : value]);
  }
  return fields;
}

const inside = (fields: Fields | undefined, field: number): Fields[] => (fields?.get(field) ?? []).map((value) => fieldsOf(value as Buffer));
const textIn = (fields: Fields, field: number): string => String(fields.get(field)?.[0]);

/** Items of a history, summary or configuration by name. */
function itemsOf(message: Fields | undefined, nameField: number): Record<string, unknown> {
  return Object.fromEntries(inside(message, 1).map((item) => [textIn(item, nameField), JSON.parse(textIn(item, 16)) as unknown]));
}

/** LevelDB's log: chunks that cross no border of 32 KB, each with its checksum. */
function recordsIn(file: Buffer): { records: Fields[]; kinds: Set<number> } {
  expect(file.subarray(0, 7).toString('latin1')).toBe(':W&B\xe1\xbe\x00');
  const records: Fields[] = [];
  const kinds = new Set<number>();
  const parts: Buffer[] = [];
  for (let at = 7; at < file.length;) {
    const left = 32_768 - (at % 32_768);
    if (left < 7) {
      expect(file.subarray(at, at + left).every((byte) => byte === 0)).toBe(true);
      at += left;
      continue;
    }
    const length = file.readUInt16LE(at + 4);
    const kind = file[at + 6] as number;
    expect(7 + length).toBeLessThanOrEqual(left);
    expect(file.readUInt32LE(at)).toBe(crc32(file.subarray(at + 6, at + 7 + length)));
    parts.push(file.subarray(at + 7, at + 7 + length));
    kinds.add(kind);
    expect(kind === 1 || kind === 2).toBe(parts.length === 1);
    if (kind === 1 || kind === 4) records.push(fieldsOf(Buffer.concat(parts.splice(0))));
    at += 7 + length;
  }
  expect(parts).toEqual([]);
  return { records, kinds };
}

it('hold settings, a row a step with its evaluation, the last numbers and the end', async () => {
  const { store } = temporaryStore();
  const long = 'a'.repeat(100_000);
  const run = newRun('run');
  store.createRun({ ...run, config: { ...run.config, prompt: { ...run.config.prompt, suffix: long } } });
  const steps = 40;
  for (let step = 0; step < steps; step++) store.record(stepBatch('run', step));
  const score: LevelScore = { problems: 1, samples: 1, passAt1: 0.5, interval: [0, 1], passAtK: { '1': 0.5 }, neverSolved: 0 };
  const evaluation: Evaluation = {
    ...{ runId: 'run', step: steps - 1, set: 'heldOut', samplesPerProblem: 1, temperature: 1, tokensSampled: 1 },
    ...{ all: score, byLevel: {} },
  };
  store.record({ runId: 'run', evaluations: [evaluation], events: [{ type: 'evaluationFinished', evaluation }] });
  store.record({ runId: 'run', events: [{ type: 'runStopped', step: steps - 1, reason: 'failed', message: 'The disk is full.' }] });

  const folder = temporaryFolder();
  await writeWandb({ store, runs: store.runs(), verdicts: 'current', folder });
  const [name = ''] = readdirSync(folder);
  const [, id = ''] = /^offline-run-19700101_000005-([0-9a-f]{16})$/.exec(name) ?? [];
  const { records, kinds } = recordsIn(readFileSync(join(folder, name, `run-${id}.wandb`)));
  // Whole records, and one in three parts or more.
  expect(kinds).toEqual(new Set([1, 2, 3, 4]));
  expect(records.map((record) => record.get(1)?.[0])).toEqual(records.map((_, i) => i + 1));

  const header = inside(records[0], 21);
  expect(header).toHaveLength(1);
  const [own] = inside(records[1], 17);
  expect(own && [textIn(own, 1), textIn(own, 3), textIn(own, 8)]).toEqual([id, 'critique-grpo', 'run']);
  expect(itemsOf(inside(own, 4)[0], 1)).toMatchObject({ run: 'run', seed: run.config.seed, prompt: { suffix: long } });

  const rows = records.flatMap((record) => inside(record, 2)).map((history) => itemsOf(history, 2));
  const updates = store.updates('run');
  expect(rows.map((row) => [row['_step'], row['train/loss']])).toEqual(updates.map(({ step, loss }) => [step, loss]));
  expect(rows.at(-1)).toMatchObject({ 'heldOut/all/passAt1': 0.5, _timestamp: 5 });
  expect(itemsOf(inside(records.at(-2), 3)[0], 2)).toMatchObject({ 'train/loss': updates.at(-1)?.loss, 'heldOut/all/passAt1': 0.5 });
  expect(inside(records.at(-1), 18)[0]?.get(1)).toEqual([1]);
});
