/** A message in the protobuf wire format, fields appended in order and joined once. */

const varintType = 0;
const lengthDelimitedType = 2;
const fixed64Type = 1;
const fixed32Type = 5;

/** Bytes of an unsigned base-128 varint, low group first; negatives take ten bytes, as two's complement int64 does. */
export function varint(value: number): Uint8Array {
  if (!Number.isSafeInteger(value)) throw new Error(`varint: ${value} is not a safe integer`);
  const bytes: number[] = [];
  if (value < 0) {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
  } else {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
    bytes.push(rest);
  }
  return Uint8Array.from(bytes);
}

export class ProtoMessage {
  private readonly chunks: Uint8Array[] = [];
  private length = 0;

  /** int32, int64 and enum fields. */
  int(field: number, value: number): this {
    return this.tag(field, varintType).push(varint(value));
  }

  /** A repeated integer field, one tag an element (proto2's default). */
  ints(field: number, values: readonly number[]): this {
    for (const value of values) this.int(field, value);
    return this;
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.tag(field, fixed32Type).push(bytes);
  }

  double(field: number, value: number): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    return this.tag(field, fixed64Type).push(bytes);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** Keeps a reference to `value`: do not change it before `finish`. */
  bytes(field: number, value: Uint8Array): this {
    return this.tag(field, lengthDelimitedType).push(varint(value.length)).push(value);
  }

  /** Embeds a copy of what `message` holds now. */
  message(field: number, message: ProtoMessage): this {
    this.tag(field, lengthDelimitedType).push(varint(message.length));
    for (const chunk of message.chunks) this.push(chunk);
    return this;
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.length);
    let offset = 0;
    for (const chunk of this.chunks) {
      out.set(chunk, offset);
      offset += chunk.length;
    }
    return out;
  }

  private tag(field: number, wireType: number): this {
    return this.push(varint(field * 8 + wireType));
  }

  private push(chunk: Uint8Array): this {
    this.chunks.push(chunk);
    this.length += chunk.length;
    return this;
  }
}
