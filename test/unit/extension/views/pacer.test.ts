import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pacer } from '../../../../src/extension/views/pacer';

describe('work at its own pace', () => {
  let turns: number[] = [];
  const worksFor = (milliseconds: number) => async () => {
    turns.push(Date.now());
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  };

  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
    turns = [];
  });
  afterEach(() => vi.useRealTimers());

  it('is done at once, then once for all requests that come meanwhile', async () => {
    const pacer = new Pacer(worksFor(10), 1000, 8);
    pacer.request();
    await vi.advanceTimersByTimeAsync(1);
    for (let count = 0; count < 50; count++) pacer.request();
    await vi.advanceTimersByTimeAsync(5000);
    expect(turns).toEqual([0, 1010]);
  });

  it('takes no more than its share of the time, however often it is asked for', async () => {
    const pacer = new Pacer(worksFor(1000), 100, 8);
    for (let now = 0; now < 60_000; now += 10) {
      pacer.request();
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(turns).toEqual([0, 9000, 18_000, 27_000, 36_000, 45_000, 54_000]);
  });

  it('ends with its owner', async () => {
    const pacer = new Pacer(worksFor(10), 1000);
    pacer.request();
    pacer.dispose();
    await vi.advanceTimersByTimeAsync(5000);
    expect(turns).toEqual([]);
  });
});
