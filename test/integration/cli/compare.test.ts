// The table of methods: what is finished is not repeated, what was killed or stopped goes on, to the same figures.
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CompareTable } from '../../../src/kernel/training/compareTable';
import { readEvents } from '../../../src/kernel/training/runEvents';
import type { RunEvent } from '../../../src/protocol';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawTinyPairs, writeTinyModel } from '../../support/tinyModel';
import { drawTinyVolumes } from '../../support/tinyVolumes';
import { commandLine, type CommandLine, type Running } from './commandLine';

const folder = temporaryFolder('compare');
const at = (...parts: string[]): string => path.join(folder, ...parts);
const common = ['--model', 'tiny.safetensors', '--device', 'cpu', '--prompts', '1-point', '--batch', '2'];
const pictures = ['compare', '--data', 'pictures', ...common, '--epochs', '2', '--val-fraction', '0.25'];
const rows = ['--rows', 'sam,med-sa,decoder'];
let medSa: CommandLine;

beforeAll(async () => {
  medSa = await commandLine(folder);
  await writeTinyModel(at('tiny.safetensors'));
  await drawTinyPairs(at('pictures'), 8);
  await drawTinyVolumes(at('volumes'), 2);
});

/** Every file below a folder but its lock, with its content. */
function contents(root: string): Record<string, string> {
  const names = fs.readdirSync(at(root), { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => fs.statSync(at(root, name)).isFile() && !name.endsWith('.lock'));
  return Object.fromEntries(files.map((name) => [name, fs.readFileSync(at(root, name), 'base64')]));
}

/** A table without what depends on the machine's speed. */
const figuresOf = ({ rows: all }: CompareTable) =>
  all.map(({ training, ...row }) => ({ ...row, epochs: training?.epochs }));

async function until(run: string, running: Running, type: RunEvent['type']): Promise<void> {
  let over = false;
  void running.ended.then(() => (over = true));
  while (!readEvents(run).some((event) => event.type === type)) {
    if (over) throw new Error(`it ended too early: ${(await running.ended).stderr}`);
    await sleep(5);
  }
}

describe('med-sa compare', () => {
  let whole: CompareTable;

  beforeAll(async () => {
    whole = (await medSa.json([...pictures, ...rows, '--out', 'whole'])) as unknown as CompareTable;
  });

  it('trains and measures its rows on one split, each in a run directory, and writes the table three times', async () => {
    expect(whole).toMatchObject({
      classes: ['target'],
      settings: ['1-point'],
      distanceUnit: 'px',
      cases: 2,
      groups: 1,
    });
    expect(whole.rows.map(({ row, seeds }) => [row, seeds])).toEqual([
      ['sam', []],
      ['med-sa', [0]],
      ['decoder', [0]],
    ]);
    const [sam, adapted] = whole.rows.map(({ figures }) => figures['1-point']['(mean)'].dice!);
    expect(sam.difference).toBeNull();
    expect(adapted.difference!.mean).toBeCloseTo(adapted.mean - sam.mean, 12);
    expect(whole.rows[1]).toMatchObject({ training: { epochs: 2, minutes: expect.any(Number) } });
    expect(whole.rows[1].parameters.trained).toBeGreaterThan(0);
    expect(whole.rows[0].parameters).toEqual({ trained: 0, all: whole.rows[1].parameters.all });

    const splits = ['med-sa', 'decoder'].map((row) => {
      const config = JSON.parse(fs.readFileSync(at('whole', row, 'seed-0', 'config.json'), 'utf8')) as {
        split: unknown;
      };
      return config.split;
    });
    expect(splits[0]).toEqual(splits[1]);
    const table = JSON.parse(fs.readFileSync(at('whole', 'table.json'), 'utf8')) as CompareTable;
    expect(table.rows).toEqual(whole.rows);
    const lines = fs.readFileSync(at('whole', 'table.csv'), 'utf8').trimEnd().split('\n');
    expect(lines.slice(1).filter((line) => line.includes(',(mean),dice,'))).toHaveLength(3);
    expect(fs.readFileSync(at('whole', 'table.md'), 'utf8')).toMatch(
      /\| SAM +\|.*\n\| Med-SA +\|.*\n\| Decoder only +\|/,
    );
  });

  it('measures what med-sa evaluate measures', async () => {
    const adapters = path.join('whole', 'med-sa', 'seed-0', 'checkpoints', 'last.safetensors');
    const asked = ['evaluate', '--split', path.join('whole', 'med-sa', 'seed-0'), '--adapters', adapters];
    const { settings } = await medSa.json([...asked, '--device', 'cpu', '--prompts', '1-point']);
    const { mean } = whole.rows[1].figures['1-point'].target.dice!;
    expect(settings).toMatchObject({ '1-point': { dice: { mean }, classes: { target: { dice: { mean } } } } });
  });

  it('repeats nothing that is finished', async () => {
    const before = contents('whole');
    const again = await medSa.json([...pictures, ...rows, '--out', 'whole']);
    expect(again).toMatchObject({ rows: whole.rows });
    expect(contents('whole')).toEqual(before);
  });

  it('refuses what differs from the comparison that stands there, and says in what', async () => {
    const other = ['compare', '--data', 'pictures', ...common, '--epochs', '3', '--val-fraction', '0.25'];
    expect(await medSa.run(...other, '--lr', '0.01', '--out', 'whole')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/training\.lr is null there and 0\.01 here; budget\.epochs is 2 there and 3 here/),
    });
    fs.mkdirSync(at('foreign'));
    fs.writeFileSync(at('foreign', 'thesis.txt'), 'years of work');
    expect(await medSa.run(...pictures, '--out', 'foreign')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is not empty and holds no comparison'),
    });
  });

  it('goes on when it was killed, and when it was stopped, to the same figures', async () => {
    const asked = [...pictures, ...rows, '--out', 'broken'];
    const killed = medSa.start(asked);
    await until(at('broken', 'med-sa', 'seed-0'), killed, 'step');
    process.kill(killed.pid, 'SIGKILL');
    await killed.ended;
    expect(fs.readFileSync(at('broken', 'table.md'), 'utf8')).toContain('| SAM');
    const sam = fs.readFileSync(at('broken', 'sam', 'evaluation.json'), 'utf8');

    const stopped = medSa.start(asked);
    await until(at('broken', 'decoder', 'seed-0'), stopped, 'start');
    process.kill(stopped.pid, 'SIGINT');
    const { code, stdout, stderr } = await stopped.ended;
    expect({ code, stderr }).toMatchObject({ code: 130, stderr: expect.stringContaining('the same command goes on') });
    expect(stdout).toContain('[1/3] SAM: is there already\n[2/3] Med-SA, seed 0: goes on\n');
    expect(fs.readFileSync(at('broken', 'table.md'), 'utf8')).toMatch(/\| SAM .*\n\| Med-SA /);

    const table = (await medSa.json(asked)) as unknown as CompareTable;
    expect(figuresOf(table)).toEqual(figuresOf(whole));
    expect(fs.readFileSync(at('broken', 'sam', 'evaluation.json'), 'utf8')).toBe(sam);
  });

  it('adds seeds to what is there, on the same split', async () => {
    const asked = [...pictures, '--rows', 'sam,decoder', '--seeds', '0,1', '--out', 'whole'];
    const { stdout } = await medSa.run(...asked);
    expect(stdout).toContain('[2/3] Decoder only, seed 0: is there already\n[3/3] Decoder only, seed 1: is trained\n');
    const table = JSON.parse(fs.readFileSync(at('whole', 'table.json'), 'utf8')) as CompareTable;
    const [, { seeds, figures }] = table.rows;
    expect(seeds).toEqual([0, 1]);
    const { mean, seedStd } = figures['1-point'].target.dice!;
    expect(seedStd).toBeGreaterThan(0);
    // Two values lie 1/√2 of their difference around their mean.
    const first = whole.rows[2].figures['1-point'].target.dice!.mean;
    expect(Math.abs(mean - first)).toBeCloseTo(seedStd! / Math.SQRT2, 9);
  });

  it('compares with and without depth on volumes, per class and in mm, and says why pictures have no such row', async () => {
    const volumes = [
      'compare',
      '--data',
      'volumes',
      ...common,
      '--epochs',
      '1',
      '--val-fraction',
      '0.5',
      '--slices',
      '4',
    ];
    const table = (await medSa.json([
      ...[...volumes, '--rows', 'med-sa,depth-none', '--out', 'depth'],
    ])) as unknown as CompareTable;
    expect(table).toMatchObject({ classes: ['1', '2'], distanceUnit: 'mm', cases: 1, groups: 1 });
    const [deep, flat] = ['med-sa', 'depth-none'].map(
      (row) => JSON.parse(fs.readFileSync(at('depth', row, 'seed-0', 'config.json'), 'utf8')) as object,
    );
    expect(deep).toMatchObject({ depth: 'sd-trans', slices: 4 });
    expect(flat).toMatchObject({ depth: 'none', slices: null });
    expect(table.rows[1].parameters.trained).toBeLessThan(table.rows[0].parameters.trained);
    expect(fs.readFileSync(at('depth', 'table.md'), 'utf8')).toContain('Dice per class:');
    expect(await medSa.run(...pictures, '--rows', 'depth-none', '--out', 'none')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('single images have no depth'),
    });
  });
});
