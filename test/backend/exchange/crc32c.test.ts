/** Check values of CRC-32C from RFC 3720, appendix B.4. */
import { expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from '../../../backend/exchange/tensorBoard/crc32c.ts';

it.each([
  ['123456789', new TextEncoder().encode('123456789'), 0xe3069283],
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['0 to 31', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ['31 to 0', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
])('of %s', (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});

it('is masked by a rotation and a constant, within 32 bits', () => {
  expect(maskedCrc32c(new Uint8Array(0))).toBe(0xa282ead8);
  const masked = maskedCrc32c(new Uint8Array(32));
  const rotated = (masked - 0xa282ead8) >>> 0;
  expect(((rotated >>> 17) | (rotated << 15)) >>> 0).toBe(0x8a9136aa);
});
