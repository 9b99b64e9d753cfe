import fc from 'fast-check';
import { onnx } from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { ProtoMessage, varint } from '../../../backend/core/protobuf.ts';

const safeIntegers = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.constantFrom(0, 127, 128, 16383, 16384, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
);
const { AttributeProto, NodeProto } = onnx;

describe('protobuf', () => {
  it('writes any safe integer so that a decoder reads it back', () => {
    fc.assert(
      fc.property(safeIntegers, (value) => {
        const decoded = AttributeProto.decode(new ProtoMessage().int(3, value).finish());
        expect(BigInt(String(decoded.i))).toBe(BigInt(value));
      }),
    );
  });

  it('uses the shortest varint, and ten bytes for negatives', () => {
    expect([0, 127, 128, 16383, 16384, 2 ** 35].map((value) => varint(value).length)).toEqual([1, 1, 2, 2, 3, 6]);
    expect(varint(-1)).toEqual(Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255, 1));
  });

  it('refuses what is not a safe integer', () => {
    for (const value of [0.5, NaN, 2 ** 53]) expect(() => varint(value)).toThrow(/safe integer/);
  });

  it('writes floats, texts, bytes, lists and nested messages so that a decoder reads them back', () => {
    const lists = fc.record({
      name: fc.string({ unit: 'grapheme' }),
      f: fc.float(),
      s: fc.uint8Array(),
      ints: fc.array(safeIntegers, { maxLength: 20 }),
    });
    fc.assert(
      fc.property(fc.array(lists, { maxLength: 4 }), (attributes) => {
        const message = new ProtoMessage().text(4, 'Op');
        for (const { name, f, s, ints } of attributes) message.message(5, new ProtoMessage().text(1, name).float(2, f).bytes(4, s).ints(8, ints));
        const decoded = NodeProto.decode(message.finish());
        expect(decoded.opType).toBe('Op');
        const read = decoded.attribute.map(({ name, f, s, ints }) => ({
          name,
          f,
          s: Uint8Array.from(s ?? []),
          ints: (ints ?? []).map((i) => BigInt(String(i))),
        }));
        expect(read).toEqual(attributes.map((attribute) => ({ ...attribute, ints: attribute.ints.map(BigInt) })));
      }),
    );
  });
});
