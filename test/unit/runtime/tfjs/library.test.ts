import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DeviceUnavailableError } from '../../../../src/kernel/runtime/errors';
import { openTfjs, TfjsMissingError } from '../../../../src/kernel/runtime/tfjs/library';
import { projectRoot } from '../../../support/projectRoot';
import { temporaryFolder } from '../../../support/temporaryFolder';

const here = path.join(projectRoot, 'package.json');

/** A file beside a `node_modules` with one package, whose program is `code`. */
function place(name: string, code: string): string {
  const folder = temporaryFolder('tfjs-place');
  const home = path.join(folder, 'node_modules', name);
  fs.mkdirSync(home, { recursive: true });
  fs.writeFileSync(path.join(home, 'package.json'), JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
  fs.writeFileSync(path.join(home, 'index.js'), code);
  return path.join(folder, 'package.json');
}

describe('TensorFlow.js', () => {
  it('is the installed build, and says what computes', async () => {
    const library = await openTfjs('auto', [here]);
    expect(library).toMatchObject({ package: '@tensorflow/tfjs', backend: 'cpu', device: 'cpu', notes: [] });
    expect(library.version).toMatch(/^4\./);
  });

  it('is found in the second place; a faster build that does not load is told', async () => {
    const broken = place('@tensorflow/tfjs-node-gpu', 'throw new Error("libcudart.so.11.0 is missing\\nat …")');
    const library = await openTfjs('auto', [broken, here]);
    expect(library.package).toBe('@tensorflow/tfjs');
    expect(library.notes).toEqual(['@tensorflow/tfjs-node-gpu does not work: libcudart.so.11.0 is missing']);
    const attempt = openTfjs('cuda', [broken, here]);
    await expect(attempt).rejects.toThrow(DeviceUnavailableError);
    await expect(attempt).rejects.toThrow(/"cuda" is not available: .*libcudart\.so\.11\.0 is missing\. It needs/);
  });

  it('does not compute on cuda without the GPU build, nor on other devices', async () => {
    await expect(openTfjs('cuda', [here])).rejects.toThrow(/needs @tensorflow\/tfjs-node-gpu, which is not installed/);
    await expect(openTfjs('webgpu', [here])).rejects.toThrow(
      /"webgpu" is not available: TensorFlow.js computes on cpu/,
    );
  });

  it('is refused as the GPU build when that computes on the processor', async () => {
    const code = `module.exports = require(${JSON.stringify(path.join(projectRoot, 'node_modules/@tensorflow/tfjs'))})`;
    const attempt = openTfjs('cuda', [place('@tensorflow/tfjs-node-gpu', code)]);
    await expect(attempt).rejects.toThrow(/not available: @tensorflow\/tfjs-node-gpu computes on cpu/);
  });

  it('is asked for by name, with the place, where it is not installed', async () => {
    const nowhere = path.join(temporaryFolder('no-tfjs'), 'package.json');
    const attempt = openTfjs('auto', [nowhere]);
    await expect(attempt).rejects.toThrow(TfjsMissingError);
    await expect(attempt).rejects.toThrow(
      `run "npm install @tensorflow/tfjs" in ${process.cwd()} or in a folder above`,
    );
  });
});
