import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/kernel/errors';
import { textDecoderOf } from '../../../src/kernel/imaging/dicom/characterSet';
import { readImage } from '../../../src/kernel/imaging';
import { parseDicom } from '../../../src/kernel/imaging/dicom/parse';
import { scan } from '../../../src/kernel/imaging/dicom/scan';
import { RunLog } from '../../../src/kernel/notebook/runLog';
import { RunProgress } from '../../../src/kernel/notebook/runSummary';
import { bundled } from '../../support/bundle';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawTinyPairs } from '../../support/tinyModel';
import { dicomFile, picture } from '../imaging/dicom/dicomBytes';
import { startKernel } from './notebookKernel';

describe('what files may say', () => {
  it('stands in errors as one line of text', async () => {
    const bytes = dicomFile({
      ...picture({ columns: 2, rows: 2, pixels: [1, 2, 3, 4] }),
      0x00280004: ['CS', '\u001b[31m<b>\r\n\u202eX'],
    });
    const error: unknown = await parseDicom('a.dcm', bytes)
      .then(scan, (reason: unknown) => reason)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(/^a\.dcm has colours of the kind \ufffd\[31m<b> \ufffdX/);
    expect(new UserError(`a${'x'.repeat(1e6)}b`).message).toHaveLength(4003);
  });

  it.each([
    ['scan.mhd', 'ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_SHORT\nElementDataFile = a%d'],
    ['scan.nrrd', 'NRRD0004\ntype: int16\ndimension: 3\nsizes: 2 2 2\nencoding: raw\ndata file: a%d'],
  ])('may be a line of a million spaces in %s: told at once', async (name, text) => {
    const file = path.join(temporaryFolder('hostile-header'), name);
    fs.writeFileSync(file, `${text.replace('NDims', `Comment = ${' '.repeat(1e6)}x\nNDims`)}${' '.repeat(1e6)}1 x\n`);
    await expect(readImage(file)).rejects.toThrow(UserError);
  });

  it('names no character set but those that are known', () => {
    for (const name of ['constructor', '__proto__', 'toString', '']) expect(textDecoderOf(name).encoding).toBe('utf-8');
    expect(textDecoderOf('ISO_IR 101').encoding).toBe('iso-8859-2');
  });

  it('counts a hundred thousand frames that nothing describes as cheaply as one', async () => {
    const bytes = dicomFile(picture({ columns: 2, rows: 2, frames: 99_999, pixels: [1, 2, 3, 4] }));
    const { planes, transforms } = scan(await parseDicom('a.dcm', bytes));
    expect([planes.length, transforms.length]).toEqual([99_999, 99_999]);
    expect(new Set(planes).size).toBe(1);
  });
});

describe('the log of a run that somebody else wrote', () => {
  it('is followed past a line of megabytes', async () => {
    const folder = temporaryFolder('hostile-log');
    const end = { type: 'end', time: 1, status: 'done', message: null };
    fs.writeFileSync(path.join(folder, 'events.jsonl'), `${'x'.repeat(5 * 2 ** 20)}\n${JSON.stringify(end)}\n`);
    const log = new RunLog(folder);
    const events = [];
    for (let more = true; more;) {
      const part = await log.next();
      events.push(...part.events);
      ({ more } = part);
    }
    expect(events).toEqual([end]);
  });

  it('names no checkpoint outside of the run', () => {
    const best = (file: string): string | null => {
      const progress = new RunProgress('/runs/one');
      progress.apply({ type: 'checkpoint', time: 1, step: 1, epoch: 1, file, best: true });
      return progress.report().best;
    };
    expect(best('checkpoints/best.safetensors')).toBe('/runs/one/checkpoints/best.safetensors');
    for (const file of [
      '/home/other/secret.safetensors',
      '../two/best.safetensors',
      '..',
      '',
      'a/'.repeat(9999),
      'a\0b',
    ])
      expect(best(file)).toBeNull();
  });
});

describe('a model or adapters whose name is a path', () => {
  it('are looked for where it leads, from a request or a cell: nothing is made, and nothing there is shown', async () => {
    const outer = temporaryFolder('hostile-names');
    const folder = path.join(outer, 'a', 'b');
    await drawTinyPairs(path.join(folder, 'pairs'), 4);
    fs.writeFileSync(path.join(outer, 'diary.pth'), 'my secret diary');
    const cli = await bundled('src/kernel/cli/main.ts', 'cli');
    const { kernel, notebook, execute } = await startKernel(folder, { cli: () => cli });
    const files = (): string[] =>
      fs.readdirSync(outer, { recursive: true, encoding: 'utf8' }).filter((file) => path.basename(file) !== 'runs');
    const before = files();
    for (const [model, told] of [
      ['../../diary.pth', /diary\.pth/],
      ['../../nothing.pth', /model file .*nothing\.pth does not exist/],
      ['..', /unknown model \.\./],
      ['NUL', /unknown model NUL/],
      ['x'.repeat(5000), /unknown model x+/],
    ] as const) {
      const error: unknown = await kernel
        .startRun({ notebook, folder, data: 'pairs', model, device: 'cpu' })
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(UserError);
      expect((error as UserError).message).toMatch(told);
      expect((error as UserError).message).not.toContain('secret');
    }
    const cell = await execute(`await finetune({ data: 'pairs', model: '../../diary.pth', device: 'cpu' })`);
    expect(cell.error?.message).toMatch(/diary\.pth/);
    expect(JSON.stringify(cell.outputs)).not.toContain('secret');
    await expect(kernel.startRun({ notebook, folder, data: 'pairs', model: '\0/x', device: 'cpu' })).rejects.toThrow(
      UserError,
    );
    expect(files()).toEqual(before);
  });
});
