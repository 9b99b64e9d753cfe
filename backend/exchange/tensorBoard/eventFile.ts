/** TensorBoard event files: TFRecords of `tensorflow.Event` messages (event.proto, summary.proto). */
import { ProtoMessage } from '../../core/protobuf.ts';
import type { ScalarStep } from '../scalars.ts';
import { maskedCrc32c } from './crc32c.ts';

/** The first record of every file. */
export function versionRecord(time: number): Uint8Array {
  return record(new ProtoMessage().double(1, time / 1000).text(3, 'brain.Event:2'));
}

/** All scalars of a step in one record. */
export function scalarRecord({ step, time, values }: ScalarStep): Uint8Array {
  const summary = new ProtoMessage();
  for (const [tag, value] of Object.entries(values)) summary.message(1, new ProtoMessage().text(1, tag).float(2, value));
  return record(event(step, time).message(5, summary));
}

/** A text that TensorBoard renders as Markdown; a tensor summary of its text plug-in. */
export function textRecord(tag: string, step: number, time: number, text: string): Uint8Array {
  const pluginData = new ProtoMessage().text(1, 'text');
  const metadata = new ProtoMessage().message(1, pluginData);
  // dtype DT_STRING = 7, shape [1].
  const tensor = new ProtoMessage()
    .int(1, 7)
    .message(2, new ProtoMessage().message(2, new ProtoMessage().int(1, 1)))
    .bytes(8, new TextEncoder().encode(text));
  const value = new ProtoMessage().text(1, tag).message(9, metadata).message(8, tensor);
  return record(event(step, time).message(5, new ProtoMessage().message(1, value)));
}

function event(step: number, time: number): ProtoMessage {
  return new ProtoMessage().double(1, time / 1000).int(2, step);
}

/** Length (uint64), its masked checksum, data, its masked checksum; little endian. */
function record(message: ProtoMessage): Uint8Array {
  const data = message.finish();
  const bytes = new Uint8Array(8 + 4 + data.length + 4);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return bytes;
}
