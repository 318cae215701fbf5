// The documentation of the cell API is executed: every example, in its order, in one notebook, on the real kernel.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageMime } from '../../../src/protocol';
import { imageOutputSchema } from '../../../src/protocol/viewerSchemas';
import { projectRoot } from '../../support/projectRoot';
import { temporaryFolder } from '../../support/temporaryFolder';
import type { KernelUnderTest } from '../kernel/client';
import { startProduct } from '../kernel/programs';

const folder = temporaryFolder('docs');
const text = fs.readFileSync(path.join(projectRoot, 'docs', 'notebook-api.md'), 'utf8');
const examples = [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code.trim());
let kernel: KernelUnderTest;

/** A Python that has IPython, what every Python notebook runs in; null where there is none. */
const ipython =
  ['python3', 'python'].find((name) => spawnSync(name, ['-c', 'import IPython'], { timeout: 60_000 }).status === 0) ??
  null;
/** Runs a cell as a notebook's kernel does and prints the data of each output. */
const displayedByIPython = `
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
with capture_output() as captured:
    shell.run_cell(sys.stdin.read()).raise_error()
print(json.dumps([output.data for output in captured.outputs]))
`;

beforeAll(async () => {
  kernel = await startProduct(folder);
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

  it.skipIf(ipython === null)('tells Python lines that display what the kernel takes', () => {
    const [, lines] = /^```python\n([\s\S]*?)^```/m.exec(text)!;
    const run = spawnSync(ipython!, ['-c', displayedByIPython], { input: lines, encoding: 'utf8' });
    expect(run.stderr).toBe('');
    const [data] = JSON.parse(run.stdout) as Record<string, unknown>[];
    expect(data['text/plain']).toBe('scan.nii.gz');
    expect(imageOutputSchema.parse(data[imageMime])).toMatchObject({ image: { path: 'scan.nii.gz' } });
  });

  it('names that output as JSON too', () => {
    const [, json] = /image\+json": (\{.*\}),\n/.exec(text) ?? [];
    expect(imageOutputSchema.parse(JSON.parse(json))).toMatchObject({ image: { path: 'scan.nii.gz' } });
  });
});
