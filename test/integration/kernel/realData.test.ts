// Pictures and volumes as they come from scanners and cameras, opened and clicked on in cells.
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageMime, type ImageOutput } from '../../../src/protocol';
import { realData } from '../../support/realData';
import { temporaryFolder } from '../../support/temporaryFolder';
import { startKernel } from '../../unit/notebook/notebookKernel';

const sets = ['sunnybrook_lv_mri', 'isic2017_dermoscopy', 'montgomery_chest_xray', 'msd_hippocampus_mri'];
const folders = sets.map((name) => ({ name, data: realData(name) }));
const folder = temporaryFolder('real');
let cells: Awaited<ReturnType<typeof startKernel>>;

beforeAll(async () => {
  cells = await startKernel(folder);
});

describe.each(folders)('$name', ({ data }) => {
  it.skipIf(data === null)('is opened, shown and segmented from a cell', async () => {
    const [, row] = fs.readFileSync(path.join(data ?? '', 'pairs.csv'), 'utf8').split('\n');
    const file = path.join(data ?? '', row.split(',')[0]);
    const { outputs, error } = await cells.execute(`const image = await open(${JSON.stringify(file)});\nimage`);
    expect(error).toBeNull();
    const items = outputs.flatMap((output) => (output.kind === 'display' ? output.items : []));
    const output: ImageOutput = JSON.parse(items.find(({ mime }) => mime === imageMime)?.data ?? '');
    const png = Buffer.from(items.find(({ mime }) => mime === 'image/png')?.data ?? '', 'base64');
    const [width, height, slices] = output.image.size!;
    const shrink = Math.min(1, 640 / Math.max(width, height));
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([width, height].map((n) => Math.round(n * shrink)));
    expect(png.length).toBeLessThan(220_000);
    const asked = await cells.execute(
      `(await image.segment({ points: [[${width >> 1}, ${height >> 1}]] })).mask.area > 0`,
    );
    expect(asked.shown).toEqual(['true']);
    const beyond = await cells.execute(`await open(${JSON.stringify(file)}, { slice: ${slices} })`);
    expect(beyond.error?.message).toMatch(slices === 1 ? /slice 0 only/ : new RegExp(`slices 0 to ${slices - 1}`));
    // Prompts and caches go beside the notebook, never beside the data.
    expect(fs.existsSync(path.join(path.dirname(file), '.med-sa'))).toBe(false);
  });
});
