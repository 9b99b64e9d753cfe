import { describe, expect, it } from 'vitest';
import { findAlgorithm } from '../../../backend/algorithms/findAlgorithm.ts';
import { algorithms } from '../../../backend/algorithms/index.ts';

describe('findAlgorithm', () => {
  for (const [key, algorithm] of Object.entries(algorithms)) {
    it(`finds ${key} by its key and as ${algorithm.name}`, () => {
      expect(findAlgorithm(key)).toBe(algorithm);
      expect(findAlgorithm(algorithm.name)).toBe(algorithm);
      expect(algorithm.name).toBe(key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
    });
  }

  const known = Object.values(algorithms)
    .map((algorithm) => algorithm.name)
    .join(', ');
  for (const name of ['ppo', '', 'constructor', 'toString']) {
    it(`lists the known ones when asked for "${name}"`, () => {
      expect(() => findAlgorithm(name)).toThrow(`no algorithm named "${name}". Choose one of: ${known}.`);
    });
  }
});
