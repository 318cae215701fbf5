import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDynamicSection } from '../../../src/kernel/gpu/elf';
import { installedRuntime, nativeFolder } from '../../../src/kernel/gpu/runtimePackage';
import { libraryFile } from '../../support/libraryFile';
import { temporaryFolder } from '../../support/temporaryFolder';

const folder = temporaryFolder('elf');
const write = (name: string, content: Buffer): string => {
  const file = path.join(folder, name);
  fs.writeFileSync(file, content);
  return file;
};

describe('the dynamic section of a library', () => {
  it('is read from ONNX Runtime as it is built', async () => {
    const library = path.join(installedRuntime().folder, nativeFolder, 'libonnxruntime.so.1');
    const section = await readDynamicSection(library);
    expect(section).toMatchObject({ soname: 'libonnxruntime.so.1', runpath: '$ORIGIN' });
    expect(section.needed).toEqual(expect.arrayContaining(['libstdc++.so.6', 'libc.so.6']));
  });

  it.skipIf(spawnSync('readelf', ['--version']).status !== 0)('is what readelf shows', async () => {
    const native = path.join(installedRuntime().folder, nativeFolder);
    for (const name of fs.readdirSync(native)) {
      const text = execFileSync('readelf', ['-d', path.join(native, name)], { encoding: 'utf8' });
      const shown = Array.from(text.matchAll(/\(NEEDED\).*\[(.*)\]/g), ([, needed]) => needed);
      expect((await readDynamicSection(path.join(native, name))).needed).toEqual(shown);
    }
  });

  it('is told where addresses are no positions, and where there is no name', async () => {
    const file = write('x.so', libraryFile({ soname: null, needed: ['liba.so.1', 'libb.so.22'] }));
    expect(await readDynamicSection(file)).toEqual({
      needed: ['liba.so.1', 'libb.so.22'],
      soname: null,
      runpath: '$ORIGIN',
    });
  });

  it('is missed in other files, by name', async () => {
    await expect(readDynamicSection(write('text', Buffer.from('no library at all')))).rejects.toThrow(
      /text is no shared/,
    );
    const cut = libraryFile({ soname: 'liba.so', needed: ['libc.so.6'] }).subarray(0, 190);
    await expect(readDynamicSection(write('cut.so', cut))).rejects.toThrow(/cut.so is no shared/);
  });
});
