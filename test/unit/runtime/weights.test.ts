import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { add, compile, constant, input, tensorData, type TensorData } from '../../../src/kernel/graph';
import { createLocalExecutor } from '../../../src/kernel/runtime/localExecutor';
import { ProgramFolder } from '../../../src/kernel/runtime/programFile';
import { temporaryFolder } from '../../support/temporaryFolder';

const size = 1024;
const values = (first: number): Float32Array => Float32Array.from({ length: size }, (_, index) => first + index);
const x = input('x', [size]);
const plus = (name: string, ...weights: TensorData[]) =>
  compile(name, { y: weights.reduce((sum, weight) => add(sum, constant(weight)), add(x, 0.5)) });

/** Beside the lock of the process that made the folder. */
const files = (folder: ProgramFolder): string[] =>
  fs
    .readdirSync(folder.path)
    .filter((name) => name !== 'lock')
    .sort();

describe('weights of programs', () => {
  it('that lie in a file are mapped from there: nothing is copied, nothing is read by us', async () => {
    const file = path.join(temporaryFolder('weights with a space, ä'), 'checkpoint.bin');
    const bytes = Buffer.from(values(7).buffer);
    fs.writeFileSync(file, Buffer.concat([Buffer.alloc(12), bytes]));
    const weight: TensorData = {
      dtype: 'float32',
      shape: [size],
      get data(): Float32Array {
        throw new Error('was read');
      },
      source: { file, offset: 12 },
    };
    const folder = new ProgramFolder();
    const program = await folder.add(1, plus('mapped', weight));
    expect(files(folder)).toEqual(['1.onnx']);
    expect(fs.statSync(program.modelFile).size).toBeLessThan(bytes.length / 2);
    const executor = await createLocalExecutor({ device: 'cpu', threads: 1 });
    const { y } = await executor.run(await executor.load(program), { x: tensorData([size], values(0)) });
    expect(y.data[3]).toBe(7 + 3 + 3 + 0.5);
    await executor.dispose();
    folder.remove();
  });

  it('that lie in memory are written once for all programs, and leave with the last of them', async () => {
    const folder = new ProgramFolder();
    const [shared, own] = [tensorData([size], values(1)), tensorData([size], values(2))];
    const first = await folder.add(1, plus('first', shared));
    const second = await folder.add(2, plus('second', own, shared));
    expect(files(folder)).toEqual(['1.onnx', '1.weights', '2.onnx', '2.weights']);
    expect(fs.statSync(path.join(folder.path, '2.weights')).size).toBe(4 * size);
    const executor = await createLocalExecutor({ device: 'cpu', threads: 1 });
    const feeds = { x: tensorData([size], values(0)) };
    expect((await executor.run(await executor.load(first), feeds)).y.data[3]).toBe(4 + 3 + 0.5);

    await folder.delete(1);
    expect(files(folder)).toEqual(['1.weights', '2.onnx', '2.weights']);
    expect((await executor.run(await executor.load(second), feeds)).y.data[3]).toBe(5 + 4 + 3 + 0.5);
    await folder.delete(2);
    expect(files(folder)).toEqual([]);
    await executor.dispose();

    // Gone is gone: a program that comes later brings the values again.
    await folder.add(3, plus('third', shared));
    expect(files(folder)).toEqual(['3.onnx', '3.weights']);
    folder.remove();
    expect(fs.existsSync(folder.path)).toBe(false);
  });

  it('that are few stand in the model', async () => {
    const folder = new ProgramFolder();
    await folder.add(1, compile('small', { y: add(input('x', [2]), constant(tensorData([2], [1, 2]))) }));
    expect(files(folder)).toEqual(['1.onnx']);
    folder.remove();
  });
});
