import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Tasks } from '../../../src/kernel/annotation/tasks';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const after = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

it('tells of what takes a while, and of its end, not of what is done at once', async () => {
  const told: string[][] = [];
  const tasks = new Tasks((running) => told.push(running.map(({ text }) => text)));
  const quick = tasks.run('quick', false, () => after(50));
  await vi.advanceTimersByTimeAsync(60);
  await quick;
  const slow = tasks.run('slow', false, () => after(500));
  await vi.advanceTimersByTimeAsync(50);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(100);
  expect(told).toEqual([['slow']]);
  await vi.advanceTimersByTimeAsync(500);
  await slow;
  expect(told).toEqual([['slow'], []]);
});

it('tells at once of what can be cancelled, and how far it is', async () => {
  const told: (number | null)[][] = [];
  const tasks = new Tasks((running) => told.push(running.map(({ done }) => done)));
  const running = tasks.run('long', true, async ({ progress }) => {
    for (let done = 1; done < 5; done++) {
      await after(80);
      progress(done, 5);
    }
  });
  expect(told).toEqual([[null]]);
  await vi.advanceTimersByTimeAsync(400);
  await running;
  expect(told.flat().at(-1)).toBeGreaterThan(1);
  expect(told.length).toBeLessThan(6);
  expect(told.at(-1)).toEqual([]);
});
