import { fork } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { CancelledError } from '../../../src/kernel/errors';
import { tensorData } from '../../../src/kernel/graph/tensorData';
import { createEngine } from '../../../src/kernel/runtime/engine';
import {
  DeviceUnavailableError,
  EngineCrashedError,
  EngineStartError,
  ExecutionError,
  FeedError,
  HeldTensorLost,
} from '../../../src/kernel/runtime/errors';
import type { Executor } from '../../../src/kernel/runtime/types';
import { buildEngine, type Bundles } from './engineBundle';
import { addProgram, failingProgram, longProgram, threeOutputsProgram, truncatedProgram } from './onnxModels';
import { childProcesses, isAlive, until } from './processes';

const endless = longProgram(1e9);
const square = tensorData([256, 256], new Float32Array(256 * 256));
const x = tensorData([4], [1, 2, 3, 4]);

let bundles: Bundles;
beforeAll(async () => {
  bundles = await buildEngine();
});
afterAll(() => bundles.remove());

const engines: Executor[] = [];
const open = (options: Partial<Parameters<typeof createEngine>[0]> = {}): Executor => {
  const engine = createEngine({ device: 'cpu', threads: 1, entry: bundles.engine, ...options });
  engines.push(engine);
  return engine;
};
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.dispose()));
});

/** The process of the engine: the newest child of this one. */
const enginePid = (): number => Math.max(...childProcesses(process.pid));
const inMidRun = async (engine: Executor): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect((await engine.status()).state).toBe('running');
};

describe('engine', () => {
  it('runs programs in another process and keeps tensors there', async () => {
    const engine = open();
    expect(await engine.status()).toEqual({ device: 'cpu', state: 'stopped', rssMB: 0 });
    const program = await engine.load(threeOutputsProgram());
    const { outputs, held } = await engine.runKeeping(program, { x }, { keep: ['doubled'], fetch: ['squared'] });
    expect(outputs).toEqual({ squared: tensorData([4], [1, 4, 9, 16]) });
    expect(await engine.run(program, { x: held.doubled }, { fetch: ['squared'] })).toEqual({
      squared: tensorData([4], [4, 16, 36, 64]),
    });
    const { state, rssMB } = await engine.status();
    expect(state).toBe('idle');
    expect(rssMB).toBeGreaterThan(10);
    await engine.free(held.doubled);
    await expect(engine.run(program, { x: held.doubled })).rejects.toThrow(HeldTensorLost);
  });

  it('answers requests in the order in which they came', async () => {
    const engine = open();
    const program = await engine.load(threeOutputsProgram());
    const order: number[] = [];
    const runs = [3, 1, 2].map((value) =>
      engine
        .run(program, { x: tensorData([4], new Float32Array(4).fill(value)) })
        .then(({ doubled }) => order.push(doubled.data[0])),
    );
    await Promise.all(runs);
    expect(order).toEqual([6, 2, 4]);
  });

  it('passes errors on with their type, and goes on', async () => {
    const engine = open();
    await expect(engine.load(truncatedProgram())).rejects.toThrow(ExecutionError);
    const failing = await engine.load(failingProgram());
    const error = await engine.run(failing, { x, size: tensorData([1], [3]) }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ExecutionError);
    expect(error).toMatchObject({ program: 'failing', node: 'crop' });
    await expect(engine.run(failing, { x })).rejects.toThrow(FeedError);
    const { y } = await engine.run(failing, { x, size: tensorData([1], [4]) });
    expect([...y.data]).toEqual([1, 2, 3, 4]);
  });

  it('cancels a long run within a bounded time, then works with the programs loaded before', async () => {
    const engine = open();
    const program = await engine.load(threeOutputsProgram());
    const { held } = await engine.runKeeping(program, { x }, { keep: ['doubled'] });
    const long = await engine.load(endless);
    const stop = new AbortController();
    const run = engine.run(long, { x: square }, { signal: stop.signal });
    const waiting = engine.run(long, { x: square }, { signal: stop.signal });
    await inMidRun(engine);
    const pid = enginePid();
    const start = performance.now();
    stop.abort();
    await expect(run).rejects.toThrow(CancelledError);
    await expect(waiting).rejects.toThrow(CancelledError);
    expect(performance.now() - start).toBeLessThan(1000);
    const { negated } = await engine.run(program, { x }, { fetch: ['negated'] });
    expect([...negated.data]).toEqual([-1, -2, -3, -4]);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(isAlive(pid)).toBe(false);
    await expect(engine.run(program, { x: held.doubled })).rejects.toThrow(HeldTensorLost);
    await engine.free(held.doubled);
  });

  it('keeps its process when a cancelled run ends soon by itself', async () => {
    const engine = open();
    const program = await engine.load(threeOutputsProgram());
    const { held } = await engine.runKeeping(program, { x }, { keep: ['doubled'] });
    const stop = new AbortController();
    const run = engine.runKeeping(program, { x }, { keep: ['negated'], signal: stop.signal });
    queueMicrotask(() => stop.abort());
    await expect(run).rejects.toThrow(CancelledError);
    const { squared } = await engine.run(program, { x: held.doubled }, { fetch: ['squared'] });
    expect([...squared.data]).toEqual([4, 16, 36, 64]);
  });

  it('tells a crash in mid-run with what ran, and answers the next request', async () => {
    const engine = open();
    const program = await engine.load(addProgram());
    const long = await engine.load(endless);
    const run = engine.run(long, { x: square });
    const crash = expect(run).rejects.toThrow(/ended while running the program "long" \(signal SIGKILL\)/);
    await inMidRun(engine);
    process.kill(enginePid(), 'SIGKILL');
    await crash;
    await expect(run).rejects.toBeInstanceOf(EngineCrashedError);
    const a = tensorData([2, 3], new Float32Array(6).fill(2));
    expect((await engine.run(program, { a, b: a })).sum.data[5]).toBe(4);
  });

  it('starts again after its process was killed while idle', async () => {
    const engine = open();
    const program = await engine.load(threeOutputsProgram());
    const pid = enginePid();
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => expect((await engine.status()).state).toBe('stopped'));
    expect(isAlive(pid)).toBe(false);
    expect((await engine.run(program, { x })).negated.data[0]).toBe(-1);
  });

  it('ends when it is disposed in mid-run, and leaves neither process nor file', async () => {
    const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'med-sa-test-'));
    onTestFinished(() => fs.rmSync(temporary, { recursive: true, force: true }));
    const before = process.env.TMPDIR;
    process.env.TMPDIR = temporary;
    onTestFinished(() => {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    });
    const engine = open();
    const long = await engine.load(endless);
    const folders = () => fs.readdirSync(temporary).filter((name) => name.startsWith('med-sa-engine-'));
    expect(folders()).toHaveLength(1);
    const ended = expect(engine.run(long, { x: square })).rejects.toThrow(/engine was closed/);
    const dropped = expect(engine.run(long, { x: square })).rejects.toThrow(CancelledError);
    await inMidRun(engine);
    await engine.dispose();
    await Promise.all([ended, dropped]);
    expect(childProcesses(process.pid)).toEqual([]);
    expect(folders()).toEqual([]);
    await expect(engine.load(addProgram())).rejects.toThrow(CancelledError);
    await engine.release(long);
  });

  it('can be disposed while it starts', async () => {
    const engine = open();
    const loading = expect(engine.load(addProgram())).rejects.toThrow(CancelledError);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await engine.dispose();
    await loading;
    expect(childProcesses(process.pid)).toEqual([]);
  });

  it('says what is wrong when it cannot start', async () => {
    await expect(open({ entry: '/nowhere/engine.js' }).load(addProgram())).rejects.toThrow(/program is missing/);
    const broken = path.join(path.dirname(bundles.engine), 'broken.js');
    fs.writeFileSync(broken, 'console.error("no such library"); process.exit(3);');
    const attempt = open({ entry: broken }).load(addProgram());
    await expect(attempt).rejects.toThrow(EngineStartError);
    await expect(attempt).rejects.toThrow(/ended at once \(exit code 3\).*no such library/);
    const silent = path.join(path.dirname(bundles.engine), 'silent.js');
    fs.writeFileSync(silent, 'setInterval(() => undefined, 1000);');
    await expect(open({ entry: silent, startTimeoutMs: 200 }).load(addProgram())).rejects.toThrow(/within 0.2 s/);
    const elsewhere = process.platform === 'darwin' ? 'dml' : 'coreml';
    await expect(open({ device: elsewhere }).load(addProgram())).rejects.toThrow(DeviceUnavailableError);
  });
});

describe.skipIf(process.platform === 'win32')('an engine whose owner goes away', () => {
  /** Starts the owner and waits for the id of its engine's process. */
  const startOwner = async (mode: 'idle' | 'busy') => {
    const owner = fork(bundles.owner, [mode], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], execArgv: [] });
    owner.disconnect();
    onTestFinished(() => void owner.kill('SIGKILL'));
    const exit = new Promise<number | null>((resolve) => owner.once('exit', resolve));
    const pid = await new Promise<number>((resolve) => owner.stdout!.once('data', (data) => resolve(Number(data))));
    return { owner, pid, exit };
  };

  it('does not keep an owner that has nothing left to do', async () => {
    const { pid, exit } = await startOwner('idle');
    expect(await exit).toBe(0);
    await until(() => !isAlive(pid), 3000);
  });

  it('ends with an owner that is killed, in the middle of a run, too', async () => {
    const { owner, pid } = await startOwner('busy');
    expect(isAlive(pid)).toBe(true);
    owner.kill('SIGKILL');
    await until(() => !isAlive(pid), 5000);
  });
});
