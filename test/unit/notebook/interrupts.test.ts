// What an interrupt ends in the process of the cells, and what it must not: the process is spoken to as the kernel does.
import { type ChildProcess, fork } from 'node:child_process';
import type { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { interruptPipe } from '../../../src/kernel/notebook/cell/interrupts';
import type { FromCell, ToCell } from '../../../src/kernel/notebook/calls';
import { temporaryFolder } from '../../support/temporaryFolder';
import { bundled } from '../../support/bundle';

const folder = temporaryFolder('interrupts');
let child: ChildProcess;
const heard: FromCell[] = [];

beforeAll(async () => {
  child = fork(await bundled('src/kernel/notebook/cell/main.ts', 'cell'), [folder], {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    execArgv: ['--no-force-async-hooks-checks'],
  });
  child.on('message', (message: FromCell) => heard.push(message));
  await until(() => heard.some(({ type }) => type === 'ready'));
});
afterAll(() => child.kill('SIGKILL'));

const until = (isSo: () => boolean) => vi.waitUntil(isSo, { timeout: 30_000 });
const tell = (sequence: number, code: string): void => {
  const message: ToCell = { type: 'execute', executionId: `cell ${sequence}`, sequence, count: sequence, code };
  child.send(message);
};
const interrupt = (cell: number): void => void (child.stdio[interruptPipe] as Writable).write(`${cell}\n`);
const of = (sequence: number, type: FromCell['type']) =>
  heard.filter(
    (message) => message.type === type && 'executionId' in message && message.executionId === `cell ${sequence}`,
  );
const done = async (sequence: number): Promise<boolean> => {
  await until(() => of(sequence, 'done').length > 0);
  return (of(sequence, 'done')[0] as Extract<FromCell, { type: 'done' }>).ok;
};
const busy = (ms: number): string => `for (const end = Date.now() + ${ms}; Date.now() < end; );`;

describe('an interrupt', () => {
  it('that comes after its cell leaves the next one alone, however busy it is', async () => {
    tell(1, 'var kept = 1');
    expect(await done(1)).toBe(true);
    interrupt(1);
    tell(2, busy(500));
    expect(await done(2)).toBe(true);
    tell(3, 'await new Promise((resolve) => setTimeout(resolve, 200))');
    interrupt(2);
    expect(await done(3)).toBe(true);
  });

  it('that overtakes its cell waits for it', async () => {
    interrupt(4);
    await new Promise((resolve) => setTimeout(resolve, 300));
    tell(4, 'for (;;);');
    expect(await done(4)).toBe(false);
    tell(5, 'if (kept !== 1) throw new Error("lost")');
    expect(await done(5)).toBe(true);
  });
});

describe('a cell that is told of twice', () => {
  it('is evaluated once', async () => {
    for (let time = 0; time < 3; time++) tell(6, 'kept += 1');
    expect(await done(6)).toBe(true);
    tell(7, 'if (kept !== 2) throw new Error("evaluated again")');
    tell(6, 'kept += 1');
    expect(await done(7)).toBe(true);
    expect([of(6, 'started'), of(6, 'done')].map(({ length }) => length)).toEqual([1, 1]);
  });
});
