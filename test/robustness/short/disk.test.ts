// Disks that are full, or may not be written: what was whole stays whole, the user reads why, and goes on afterwards.
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { AnnotationStore, ImageLibrary, Models } from '../../../src/kernel/annotation';
import { writeFileAtomically } from '../../../src/kernel/files';
import { RunDirectory } from '../../../src/kernel/training/runDirectory';
import { commandLine, type CommandLine } from '../../integration/cli/commandLine';
import { KilledRun } from '../../support/killedRun';
import { smallDisk } from '../../support/smallDisk';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawTinyPairs, writeTinyModel } from '../../support/tinyModel';
import { discArea, discs, drawDiscs } from '../../unit/annotation/discs';
import { FloodFillPredictor } from '../../unit/annotation/floodFillPredictor';

const disk = smallDisk(4096);
const at = (...parts: string[]): string => path.join(disk?.folder ?? '', ...parts);
const wholeLines = (file: string): object[] => {
  const text = fs.readFileSync(file, 'utf8');
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as object);
};

describe.skipIf(disk === null)('a full disk', () => {
  it('leaves no half event in the log of a run, which goes on when there is room', async () => {
    const run = await RunDirectory.create(at('events'), {});
    // Longer than a page: the disk takes a part of it.
    const long = { type: 'end', status: 'failed', message: 'm'.repeat(5000) } as const;
    run.append(long);
    disk!.fill();
    let written = 1;
    const untilFull = (): never => {
      for (;;) {
        run.append(long);
        written++;
      }
    };
    expect(untilFull).toThrow(`${run.file('events.jsonl')} could not be written: the disk is full; free some space`);
    expect(wholeLines(run.file('events.jsonl'))).toHaveLength(written);
    disk!.clear();
    run.append(long);
    expect(wholeLines(run.file('events.jsonl'))).toHaveLength(written + 1);
    run.close();
  });

  it('keeps the file that an atomic write would have replaced, and nothing half written', async () => {
    const file = at('kept.bin');
    await writeFileAtomically(file, [Buffer.from('before')]);
    disk!.fill();
    await expect(writeFileAtomically(file, [Buffer.alloc(100_000)])).rejects.toThrow(
      `${file} could not be written: the disk is full; free some space`,
    );
    expect(fs.readFileSync(file, 'utf8')).toBe('before');
    expect(fs.readdirSync(disk!.folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    disk!.clear();
  });

  it('refuses a click by name, shows nothing of it, and loses nothing that was shown', async () => {
    const folder = at('notebook');
    fs.mkdirSync(folder);
    await drawDiscs(path.join(folder, 'discs.png'));
    const kernel = await kernelIn(folder);
    await kernel.click('before', discs.left);
    disk!.fill();
    // What is left of its last page takes some clicks more.
    let kept = 0;
    const untilFull = async (): Promise<never> => {
      for (;;) {
        await kernel.click(`click-${kept}`, { x: 1.5 + (kept % 60), y: 1.5 });
        kept++;
      }
    };
    await expect(untilFull()).rejects.toThrow(
      /annotations cannot be kept in .*annotations: .*\.jsonl could not be written: the disk is full; free some space/,
    );
    const shown = kernel.ids();
    expect(shown).toEqual(['before', ...Array.from({ length: kept }, (_, index) => `click-${index}`)]);
    expect((await kernelIn(folder)).ids()).toEqual(shown);
    wholeLines(kernel.journal());
    disk!.clear();
    await kernel.click('after', discs.right);
    await kernel.close();
    const again = await kernelIn(folder);
    expect(again.ids()).toEqual([...shown, 'after']);
    expect(await again.area()).toBeGreaterThan(2 * discArea);
  });
});

describe.skipIf(disk === null)('a run on a disk that fills up', () => {
  const folder = temporaryFolder('disk-run');
  const training = [
    ...['train', '--data', 'drawn', '--model', 'tiny.safetensors', '--epochs', '1', '--batch', '2', '--seed', '3'],
    ...['--val-fraction', '0.25', '--checkpoint-seconds', '0', '--device', 'cpu'],
  ];
  let medSa: CommandLine;

  beforeAll(async () => {
    medSa = await commandLine(folder);
    await writeTinyModel(path.join(folder, 'tiny.safetensors'));
    await drawTinyPairs(path.join(folder, 'drawn'), 8);
  });

  it('ends with the reason, and goes on bit for bit when there is room', async () => {
    const whole = new KilledRun(medSa, training, path.join(folder, 'whole'));
    await whole.sit();
    const run = new KilledRun(medSa, training, at('run'));
    // Enough for its first state and some events, not for a second state.
    disk!.fill(fs.statSync(whole.file('checkpoints', 'state.safetensors')).size + 5 * 4096);
    const { code, stderr } = await medSa.run(...training, '--out', run.folder);
    expect(code).toBe(1);
    expect(stderr).toMatch(/could not be written: the disk is full; free some space/);
    wholeLines(run.file('events.jsonl'));
    const names = fs.readdirSync(run.folder, { recursive: true }) as string[];
    expect(names.filter((name) => name.endsWith('.tmp') || name.includes('.lock'))).toEqual([]);
    const still = await medSa.run('resume', run.folder);
    expect(still.stderr).toMatch(/the disk is full/);
    disk!.clear();
    await run.sit();
    const { config: _, events, ...bytes } = await run.essence();
    const expected = await whole.essence();
    expect(expected).toMatchObject(bytes);
    // It said in between how it had ended.
    expect(events.filter((event) => !event.includes('disk is full'))).toEqual(expected.events);
  });

  it('that may not be written is read and not resumed', async () => {
    disk!.readOnly(true);
    const { code, stderr } = await medSa.run('resume', at('run'));
    expect(stderr).toMatch(/run\.lock may not be written: change the permissions of .*run, or choose another/);
    expect(code).toBe(1);
    const { runs } = await medSa.json(['runs', at('run')]);
    expect(runs).toMatchObject([{ run: at('run'), status: 'done' }]);
    disk!.readOnly(false);
  });

  it('an image in a folder that may not be written is shown, and a click says why it is not kept', async () => {
    disk!.readOnly(true);
    const kernel = await kernelIn(at('notebook'));
    const before = kernel.ids();
    await expect(kernel.click('late', discs.left)).rejects.toThrow(
      /annotations cannot be kept in .*annotations: .* may not be written/,
    );
    expect(kernel.ids()).toEqual(before);
    disk!.readOnly(false);
    await kernel.click('late', discs.left);
    expect(kernel.ids()).toEqual([...before, 'late']);
    await kernel.close();
  });
});

/** A kernel's annotation half, as after a start. */
async function kernelIn(folder: string) {
  const images = new ImageLibrary();
  const models = new Models(async () => new FloodFillPredictor(), images);
  const store = new AnnotationStore(images);
  const { session, file } = await store.open(folder, { path: 'discs.png' });
  const source = () => models.segmenterFor(file, null);
  return {
    click: (id: string, { x, y }: { x: number; y: number }) =>
      session.prompt(
        { edit: 'prompt/add', object: 'object-1', slice: 0, id, prompt: { kind: 'point', x, y, label: 1 } },
        source,
      ),
    ids: () => session.prompts('object-1', 0).map(({ id }) => id),
    area: async () =>
      (await session.mask('object-1', 0, source))?.data.reduce((sum: number, value) => sum + value, 0) ?? 0,
    journal: () => path.join(folder, '.med-sa', 'annotations', `${session.id}.jsonl`),
    close: () => store.release(),
  };
}
