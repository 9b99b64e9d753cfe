/** What is told of a download: bytes, rate, and the time left. */
import { expect, it } from 'vitest';
import { ProgressMeter, type DownloadProgress } from '../../../backend/hub/downloadProgress.ts';

it('measures the rate of the last seconds, and does not take for speed what was there before', () => {
  let time = 0;
  const told: DownloadProgress[] = [];
  const meter = new ProgressMeter(
    'owner/model',
    [1_000_000, 9_000_000],
    (progress) => told.push(progress),
    () => time,
  );
  meter.report('a', 500_000);
  expect(told.at(-1)).toMatchObject({ bytesDone: 500_000, bytesTotal: 10_000_000, bytesPerSecond: 0, secondsLeft: null });
  time = 1000;
  meter.report('a', 1_000_000);
  meter.finish('a');
  expect(told.at(-1)).toMatchObject({ filesDone: 1, filesTotal: 2, bytesDone: 1_000_000, bytesPerSecond: 500_000, secondsLeft: 18 });
  meter.report('b', 0);
  // Fast at first, then slow: only the last ten seconds count.
  for (let second = 2; second <= 40; second++) {
    time = second * 1000;
    meter.report('b', Math.min(4_000_000, 2_000_000 * (second - 1)) + 10_000 * second);
  }
  expect(told.at(-1)?.bytesPerSecond).toBeCloseTo(10_000, -2);
  // Wrong content is dropped and fetched anew.
  meter.report('b', 0);
  time = 41_000;
  meter.report('b', 20_000);
  expect(told.at(-1)).toMatchObject({ file: 'b', bytesDone: 1_020_000 });
  expect(told.at(-1)?.bytesPerSecond).toBeGreaterThan(0);
});

it('speaks ten times a second at the most, but always of a finished file', () => {
  let time = 0;
  let times = 0;
  const meter = new ProgressMeter(
    'owner/model',
    [1e6],
    () => times++,
    () => time,
  );
  for (; time < 1000; time++) meter.report('a', time * 1000);
  expect(times).toBe(10);
  meter.finish('a');
  expect(times).toBe(11);
});
