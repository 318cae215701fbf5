import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancelledError } from '../../../src/kernel/errors';
import { tensorData } from '../../../src/kernel/graph/tensorData';
import {
  DeviceUnavailableError,
  ExecutionError,
  FeedError,
  HeldTensorLost,
  RuntimeMissingError,
} from '../../../src/kernel/runtime/errors';
import { createLocalExecutor, type LocalExecutor } from '../../../src/kernel/runtime/localExecutor';
import { addProgram, failingProgram, threeOutputsProgram, truncatedProgram } from './onnxModels';

const x = tensorData([4], [1, 2, 3, 4]);

describe('local executor', () => {
  let executor: LocalExecutor;
  beforeAll(async () => {
    executor = await createLocalExecutor({ device: 'cpu', threads: 1 });
  });
  afterAll(() => executor.dispose());

  it('runs a program and returns its outputs as tensors', async () => {
    const add = await executor.load(addProgram());
    const { sum } = await executor.run(add, {
      a: tensorData([2, 3], [1, 2, 3, 4, 5, 6]),
      b: tensorData([2, 3], [10, 20, 30, 40, 50, 60]),
    });
    expect(sum).toEqual(tensorData([2, 3], [11, 22, 33, 44, 55, 66]));
  });

  it('computes the outputs that are fetched, whatever their order in the program', async () => {
    const program = await executor.load(threeOutputsProgram());
    expect(await executor.run(program, { x }, { fetch: ['squared'] })).toEqual({
      squared: tensorData([4], [1, 4, 9, 16]),
    });
    const both = await executor.run(program, { x }, { fetch: ['squared', 'negated'] });
    expect(both).toEqual({ negated: tensorData([4], [-1, -2, -3, -4]), squared: tensorData([4], [1, 4, 9, 16]) });
  });

  it('keeps outputs as held tensors that feed other runs until they are freed', async () => {
    const program = await executor.load(threeOutputsProgram());
    const { outputs, held } = await executor.runKeeping(program, { x }, { keep: ['doubled'], fetch: ['negated'] });
    expect(Object.keys(outputs)).toEqual(['negated']);
    expect(held.doubled.shape).toEqual([4]);
    const again = await executor.run(program, { x: held.doubled }, { fetch: ['squared'] });
    expect([...again.squared.data]).toEqual([4, 16, 36, 64]);
    await executor.free(held.doubled);
    await expect(executor.run(program, { x: held.doubled })).rejects.toThrow(HeldTensorLost);
  });

  it('takes over the output of a run even when a later run follows', async () => {
    const program = await executor.load(threeOutputsProgram());
    const first = await executor.run(program, { x }, { fetch: ['doubled'] });
    await executor.run(program, { x: tensorData([4], [9, 9, 9, 9]) }, { fetch: ['doubled'] });
    expect([...first.doubled.data]).toEqual([2, 4, 6, 8]);
  });

  it('names the input that is missing, unknown, of another shape or of another size', async () => {
    const add = await executor.load(addProgram());
    const a = tensorData([2, 3], new Float32Array(6));
    await expect(executor.run(add, { a })).rejects.toThrow(/"add" was not run: its input "b" \[2, 3\] is missing/);
    await expect(executor.run(add, { a, b: a, c: a })).rejects.toThrow(/no input "c" \(its inputs: a, b\)/);
    const flat = tensorData([6], new Float32Array(6));
    await expect(executor.run(add, { a, b: flat })).rejects.toThrow(/"b" has the shape \[2, 3\], not \[6\]/);
    const short = { dtype: 'float32', shape: [2, 3], data: new Float32Array(5) } as const;
    await expect(executor.run(add, { a, b: short })).rejects.toThrow(/"b" \[2, 3\] came with 5 values/);
    await expect(executor.run(add, { a, b: a }, { fetch: ['total'] })).rejects.toThrow(FeedError);
  });

  it('tells the node that failed', async () => {
    const failing = await executor.load(failingProgram());
    const error = await executor.run(failing, { x, size: tensorData([1], [3]) }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ExecutionError);
    expect(error).toMatchObject({ program: 'failing', node: 'crop', stage: 'run' });
    expect((error as Error).message).toBe(
      'The program "failing" failed at node "crop": The input tensor cannot be reshaped to the requested shape. ' +
        'Input shape:{4}, requested shape:{3}',
    );
  });

  it('refuses an invalid model and a description that does not fit the model', async () => {
    await expect(executor.load(truncatedProgram())).rejects.toThrow(/"truncated" could not be loaded: .*protobuf/);
    const renamed = { ...addProgram(), inputs: [{ name: 'left', shape: [2, 3] }] };
    await expect(executor.load(renamed)).rejects.toThrow(/its model has the inputs a, b; its description names left/);
  });

  it('does not start a run that was cancelled, nor one of a released program', async () => {
    const program = await executor.load(threeOutputsProgram());
    await expect(executor.run(program, { x }, { signal: AbortSignal.abort() })).rejects.toThrow(CancelledError);
    const pending = executor.run(program, { x }, { fetch: ['negated'] });
    await executor.release(program);
    expect([...(await pending).negated.data]).toEqual([-1, -2, -3, -4]);
    await expect(executor.run(program, { x })).rejects.toThrow(/was released/);
  });

  it('reports its device and memory', async () => {
    const status = await executor.status();
    expect(status).toMatchObject({ device: 'cpu', state: 'idle' });
    expect(status.rssMB).toBeGreaterThan(10);
  });
});

describe('a device that is not there', () => {
  it('is refused by name, with the reason', async () => {
    const elsewhere = process.platform === 'darwin' ? 'dml' : 'coreml';
    const attempt = createLocalExecutor({ device: elsewhere });
    await expect(attempt).rejects.toThrow(DeviceUnavailableError);
    await expect(attempt).rejects.toThrow(new RegExp(`"${elsewhere}" is not available: .*does not know it`));
  });

  it('is told apart from a runtime that is missing', () => {
    const error = new RuntimeMissingError(new Error('GLIBC_2.99 not found\nRequire stack: …'));
    expect(error.message).toContain('GLIBC_2.99 not found. Run "npm ci"');
  });
});
