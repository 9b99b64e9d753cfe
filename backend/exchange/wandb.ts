/**
 * Runs as Weights & Biases keeps those it logs offline: `offline-run-<time>-<id>/run-<id>.wandb`, a log of `Record` messages (wandb_internal.proto)
 * in LevelDB's framing. `wandb sync` uploads them; nothing here touches a network.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { ProtoMessage } from '../core/protobuf.ts';
import type { RunView } from '../protocol/views.ts';
import type { MetricsExport } from './metricsExport.ts';
import { scalarsOf, type ScalarStep } from './scalars.ts';

const project = 'critique-grpo';
/** `:W&B`, a magic number (0xBEE1) and the version of the framing (0). */
const fileHeader = Uint8Array.of(0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0x00);
const blockBytes = 32_768;
/** Checksum (uint32), length (uint16), kind (uint8). */
const chunkHeaderBytes = 7;
/** Kinds of chunks: a record that is whole, or its first, middle or last part. */
const chunkKinds = { whole: 1, first: 2, middle: 3, last: 4 } as const;
const recordFields = { history: 2, summary: 3, run: 17, exit: 18, header: 21 } as const;

export async function writeWandb({ store, runs, verdicts, folder }: MetricsExport): Promise<(place: string) => string> {
  for (const run of runs) {
    // Ids of Weights & Biases are for ever: the same run has the same one in every export, and namesakes of other workspaces have others.
    const id = createHash('sha256').update(`${run.id}\n${run.createdAt}`).digest('hex').slice(0, 16);
    const own = join(folder, `offline-run-${timeName(run.createdAt)}-${id}`);
    await mkdir(join(own, 'files'), { recursive: true });
    const records = recordsOf(run, id, mergedSteps(scalarsOf(store, run.id, verdicts)));
    await pipeline(Readable.from(framed(records)), createWriteStream(join(own, `run-${id}.wandb`)));
  }
  return (place) => `wandb sync ${place}`;
}

function* recordsOf(run: RunView, id: string, steps: Iterable<ScalarStep>): Generator<ProtoMessage> {
  const latest = new Map<string, number>();
  let end = run.createdAt;
  yield record('header', new ProtoMessage().message(1, new ProtoMessage().text(1, project)));
  yield record('run', runRecord(run, id));
  for (const { step, time, values } of steps) {
    end = Math.max(end, time);
    for (const [name, value] of Object.entries(values)) latest.set(name, value);
    const history = new ProtoMessage();
    for (const [name, value] of Object.entries(values)) history.message(1, item(name, value));
    // Seconds, as the tool itself logs them.
    for (const [name, value] of Object.entries({ _step: step, _timestamp: time / 1000, _runtime: (time - run.createdAt) / 1000 })) {
      history.message(1, item(name, value));
    }
    yield record('history', history.message(2, new ProtoMessage().int(1, step)));
  }
  const summary = new ProtoMessage();
  for (const [name, value] of latest) summary.message(1, item(name, value));
  yield record('summary', summary);
  const exit = new ProtoMessage().int(1, run.state === 'failed' ? 1 : 0).int(2, Math.floor((end - run.createdAt) / 1000));
  yield record('exit', exit);
}

function runRecord(run: RunView, id: string): ProtoMessage {
  const config = new ProtoMessage();
  for (const [key, value] of Object.entries({ ...run.config, run: run.id })) {
    config.message(1, new ProtoMessage().text(1, key).text(16, JSON.stringify(value ?? null)));
  }
  const seconds = Math.floor(run.createdAt / 1000);
  const start = new ProtoMessage().int(1, seconds).int(2, Math.floor((run.createdAt - seconds * 1000) * 1e6));
  return new ProtoMessage().text(1, id).text(3, project).message(4, config).text(8, run.name).message(17, start);
}

/** A key that is a path of one part: names have slashes and dots, which are no nesting. */
function item(name: string, value: number): ProtoMessage {
  return new ProtoMessage().text(2, name).text(16, JSON.stringify(value));
}

function record(kind: keyof typeof recordFields, message: ProtoMessage): ProtoMessage {
  return new ProtoMessage().message(recordFields[kind], message);
}

/** An evaluation comes after its step, with the same number: there they are one row. */
function* mergedSteps(steps: Iterable<ScalarStep>): Generator<ScalarStep> {
  let open: ScalarStep | undefined;
  for (const next of steps) {
    if (open?.step === next.step) open = { ...next, values: { ...open.values, ...next.values } };
    else {
      if (open !== undefined) yield open;
      open = next;
    }
  }
  if (open !== undefined) yield open;
}

/** Numbered records in chunks that cross no border between blocks. */
function* framed(records: Iterable<ProtoMessage>): Generator<Uint8Array> {
  let [at, number] = [fileHeader.length, 0];
  yield fileHeader;
  for (const message of records) {
    const bytes = message.int(1, ++number).finish();
    for (let from = 0, isFirst = true; from < bytes.length || isFirst; isFirst = false) {
      let left = blockBytes - (at % blockBytes);
      if (left < chunkHeaderBytes) {
        yield new Uint8Array(left);
        at += left;
        left = blockBytes;
      }
      const part = bytes.subarray(from, from + left - chunkHeaderBytes);
      from += part.length;
      const isLast = from === bytes.length;
      const kind = chunkKinds[isFirst ? (isLast ? 'whole' : 'first') : isLast ? 'last' : 'middle'];
      yield chunk(kind, part);
      at += chunkHeaderBytes + part.length;
    }
  }
}

function chunk(kind: number, part: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(chunkHeaderBytes + part.length);
  const view = new DataView(bytes.buffer);
  bytes[6] = kind;
  bytes.set(part, chunkHeaderBytes);
  // Of the kind and the data.
  view.setUint32(0, crc32(bytes.subarray(6)), true);
  view.setUint16(4, part.length, true);
  return bytes;
}

/** `20261130_194001`, in UTC. */
function timeName(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '_');
}
