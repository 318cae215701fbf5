// The documentation of the cell API is executed: every example, in its order, in one notebook, on the real kernel.
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageOutputSchema } from '../../../src/protocol/viewerSchemas';
import { bundledTogether } from '../../support/bundle';
import { projectRoot } from '../../support/projectRoot';
import { temporaryFolder } from '../../support/temporaryFolder';
import { KernelUnderTest } from '../kernel/client';

const folder = temporaryFolder('docs');
const text = fs.readFileSync(path.join(projectRoot, 'docs', 'notebook-api.md'), 'utf8');
const examples = [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code.trim());
let kernel: KernelUnderTest;

beforeAll(async () => {
  const programs = await bundledTogether({
    kernel: 'src/kernel/main.ts',
    engine: 'src/kernel/runtime/engineProcess.ts',
    cell: 'src/kernel/notebook/cell/main.ts',
    cli: 'src/kernel/cli/main.ts',
  });
  kernel = new KernelUnderTest(path.join(programs, 'kernel.js'), folder, { MEDSA_DEVICE: 'cpu' });
});

describe('docs/notebook-api.md', () => {
  it.each(examples.map((code, index) => [index + 1, code] as const))('example %i runs', async (_number, code) => {
    const { ok, outputs } = await kernel.execute(code);
    expect(outputs.filter(({ kind }) => kind === 'error')).toEqual([]);
    expect(ok).toBe(true);
    expect(outputs.some(({ kind }) => kind === 'display')).toBe(true);
  });

  it('leaves the files behind that it speaks of', () => {
    const written = [
      'lesion.png',
      'lesion.json',
      'organ.nii.gz',
      'my-data/pairs.csv',
      'answer.png',
      'looked.safetensors',
    ];
    for (const name of written) expect(fs.existsSync(path.join(folder, name)), name).toBe(true);
  });

  it('names everything that a cell can call', () => {
    const api = fs.readFileSync(path.join(projectRoot, 'src/kernel/notebook/api.ts'), 'utf8');
    const names = [...api.slice(api.indexOf('interface NotebookApi')).matchAll(/^ {2}(\w+)\(/gm)].map(
      ([, name]) => name,
    );
    expect(names.length).toBeGreaterThan(12);
    for (const name of names) expect(text, name).toContain(name);
  });

  it('tells Python an output that the kernel takes', () => {
    const [, json] = /image\+json": (\{.*\}),\n/.exec(text) ?? [];
    expect(imageOutputSchema.parse(JSON.parse(json))).toMatchObject({ image: { path: 'scan.nii.gz' } });
  });
});
