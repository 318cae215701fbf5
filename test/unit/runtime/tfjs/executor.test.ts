import { afterEach, describe, expect, it } from 'vitest';
import { CancelledError } from '../../../../src/kernel/errors';
import {
  add,
  compile,
  constant,
  exp,
  input,
  matMul,
  mul,
  neg,
  reshape,
  tensorData,
} from '../../../../src/kernel/graph';
import type { Tensor } from '../../../../src/kernel/graph';
import { ExecutionError, FeedError, HeldTensorLost } from '../../../../src/kernel/runtime/errors';
import { createTfjsExecutor } from '../../../../src/kernel/runtime/tfjs/executor';
import { tf } from '../../../support/tfjs';
import { addProgram } from '../onnxModels';

const executor = createTfjsExecutor({ tf, device: 'cpu' });
const x = tensorData([4], [1, 2, 3, 4]);
const memory = () => ({ tensors: tf.memory().numTensors, bytes: tf.memory().numBytes });
const buffers = (): number => tf.memory().numDataBuffers;

const port = input('x', [4]);
const three = () => compile('three', { doubled: add(port, port), negated: neg(port), squared: mul(port, port) });

/** A long chain of products of one square matrix with itself: values of one size, each needed once. */
function chain(length: number, side: number): Tensor {
  let value: Tensor = input('m', [side, side]);
  for (let step = 0; step < length; step++) value = matMul(value, constant(tensorData([side, side], identity(side))));
  return value;
}
const identity = (side: number): Float32Array =>
  Float32Array.from({ length: side * side }, (_, i) => (i % (side + 1) === 0 ? 1 : 0));

afterEach(async () => {
  await executor.dispose();
  expect(tf.memory().numTensors).toBe(0);
});

describe('values', () => {
  it('are those that are fetched; others are not computed', async () => {
    const program = await executor.load(three());
    expect(await executor.run(program, { x }, { fetch: ['squared'] })).toEqual({
      squared: tensorData([4], [1, 4, 9, 16]),
    });
    const { kernelNames } = await tf.profile(async () => {
      await executor.run(program, { x }, { fetch: ['negated'] });
      return [];
    });
    expect(kernelNames).toContain('Neg');
    expect(kernelNames).not.toContain('Multiply');
  });

  it('stay inside when kept, feed other runs and go when freed', async () => {
    const program = await executor.load(three());
    const before = memory();
    const { outputs, held } = await executor.runKeeping(program, { x }, { keep: ['doubled'], fetch: ['negated'] });
    expect(Object.keys(outputs)).toEqual(['negated']);
    expect(memory()).toEqual({ tensors: before.tensors + 1, bytes: before.bytes + 16 });
    const { squared } = await executor.run(program, { x: held.doubled }, { fetch: ['squared'] });
    expect([...squared.data]).toEqual([4, 16, 36, 64]);
    await executor.free(held.doubled);
    expect(memory()).toEqual(before);
    await expect(executor.run(program, { x: held.doubled })).rejects.toThrow(HeldTensorLost);
  });

  it('share no memory with feeds, constants or one another', async () => {
    const value = tensorData([4], [5, 6, 7, 8]);
    const same = reshape(port, [4]);
    const program = await executor.load(compile('same', { one: same, other: same, fixed: constant(value) }));
    const fed = tensorData([4], [1, 2, 3, 4]);
    const { outputs, held } = await executor.runKeeping(program, { x: fed }, { keep: ['other'] });
    outputs.one.data[0] = outputs.fixed.data[0] = -1;
    expect([fed.data[0], value.data[0]]).toEqual([1, 5]);
    fed.data[1] = -2;
    const again = await executor.run(program, { x: held.other });
    expect([...again.one.data, ...again.fixed.data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('memory', () => {
  it('holds no more of a chain than one operation needs', async () => {
    const side = 32;
    const bytes = 4 * side ** 2;
    const program = await executor.load(compile('chain', { last: chain(50, side) }));
    const before = memory().bytes;
    expect(buffers()).toBe(50);
    const { peakBytes } = await tf.profile(async () => {
      await executor.run(program, { m: tensorData([side, side], new Float32Array(side ** 2)) });
      return [];
    });
    expect(peakBytes).toBeGreaterThan(before);
    // The library counts a view of an array as much as the array itself.
    expect(peakBytes).toBeLessThan(before + 6 * bytes);
    expect(memory().bytes).toBe(before);
  });

  it('has each weight once, whichever programs share it, until the last one is released', async () => {
    const weight = tensorData([4], [1, 2, 3, 4]);
    const first = await executor.load(compile('first', { y: add(port, constant(weight)) }));
    const second = await executor.load(compile('second', { y: mul(port, constant(weight)) }));
    expect(buffers()).toBe(1);
    await executor.release(first);
    expect(buffers()).toBe(1);
    expect([...(await executor.run(second, { x })).y.data]).toEqual([1, 4, 9, 16]);
    await executor.release(second);
    expect(memory()).toEqual({ tensors: 0, bytes: 0 });
    await expect(executor.run(second, { x })).rejects.toThrow(/was released/);
  });
});

describe('a run', () => {
  it('ends between two operations when its signal comes, and leaves nothing', async () => {
    const program = await executor.load(compile('long', { last: chain(60, 64) }));
    const before = memory();
    const stop = new AbortController();
    const m = tensorData([64, 64], identity(64));
    // The timer fires because the run lets the event loop have its turn; a run that did not would end, not reject.
    setTimeout(() => stop.abort(), 1);
    await expect(executor.run(program, { m }, { signal: stop.signal })).rejects.toThrow(CancelledError);
    expect(memory()).toEqual(before);
    await expect(executor.run(program, { m }, { signal: AbortSignal.abort() })).rejects.toThrow(CancelledError);
  });

  it('tells that it runs, without being waited for', async () => {
    const program = await executor.load(compile('long', { last: chain(60, 64) }));
    const run = executor.run(program, { m: tensorData([64, 64], identity(64)) });
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(await executor.status()).toMatchObject({ device: 'cpu', state: 'running' });
    await run;
    expect(await executor.status()).toMatchObject({ state: 'idle' });
  });

  it('refuses wrong feeds and programs without a graph, by name', async () => {
    const program = await executor.load(three());
    await expect(executor.run(program, {})).rejects.toThrow(/its input "x" \[4\] is missing/);
    await expect(executor.run(program, { x }, { fetch: ['cubed'] })).rejects.toThrow(FeedError);
    await expect(executor.load(addProgram())).rejects.toThrow(/"add" could not be loaded: .*without its graph/);
  });

  it('names the program and the operation that failed, and leaves nothing', async () => {
    const broken = { ...exp(port), shape: [4], inputs: [port, port], primitive: 'matMul' } as Tensor;
    const program = await executor.load(compile('broken', { y: broken }));
    await expect(executor.run(program, { x })).rejects.toThrow(ExecutionError);
    await expect(executor.run(program, { x })).rejects.toThrow(/"broken" failed: matMul \[4\]: /);
    expect(tf.memory().numTensors).toBe(0);
  });
});
