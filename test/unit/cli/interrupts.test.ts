import { describe, expect, it } from 'vitest';
import { processInterrupts } from '../../../src/kernel/cli/interrupts';

describe('an interrupt', () => {
  it('is left to the system until somebody heeds it', () => {
    const before = process.listenerCount('SIGINT');
    processInterrupts(() => undefined);
    expect(process.listenerCount('SIGINT')).toBe(before);
  });

  it('aborts once, tells its exit code, and leaves the next one to the system', () => {
    const before = [process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')];
    let told = 0;
    const interrupts = processInterrupts(() => told++);
    const { signal } = interrupts;
    expect(interrupts.signal).toBe(signal);
    expect(process.listenerCount('SIGTERM')).toBe(before[1] + 1);
    process.emit('SIGTERM', 'SIGTERM');
    expect({ told, aborted: signal.aborted, code: interrupts.exitCode }).toEqual({ told: 1, aborted: true, code: 143 });
    expect([process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]).toEqual(before);
  });
});
