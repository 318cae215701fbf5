// A training process that is killed at any of its file operations, or at any other moment, goes on as if nothing had
// happened. MEDSA_KILLS=N: how many random kills one run has to survive; MEDSA_KILL_SEED: others of them. A hundred of them,
// with every state on the way compared: test/robustness/kills/training.test.ts.
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { KilledRun, randomDeath } from '../../support/killedRun';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawTinyPairs, writeTinyModel } from '../../support/tinyModel';
import { commandLine, type CommandLine } from './commandLine';

const kills = Number(process.env.MEDSA_KILLS ?? 5);
// Each kill is a process that starts, trains and is gone on with, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000 + 30_000 * kills });

const random = new Random(Number(process.env.MEDSA_KILL_SEED ?? 11));
const folder = temporaryFolder('kills');
const at = (...parts: string[]): string => path.join(folder, ...parts);
// A checkpoint after every batch: kills meet the writing of checkpoints more often than anything else.
const training = [
  ...['train', '--data', 'drawn', '--model', 'tiny.safetensors', '--epochs', '2', '--batch', '2', '--seed', '3'],
  ...['--val-fraction', '0.25', '--patience', '5', '--checkpoint-seconds', '0', '--device', 'cpu'],
];
let medSa: CommandLine;
/** What the run that nobody killed did with files, one operation after another. */
let operations: string[];
let whole: Awaited<ReturnType<KilledRun['essence']>>;
const runIn = (name: string): KilledRun => new KilledRun(medSa, training, at(name));

beforeAll(async () => {
  medSa = await commandLine(folder);
  await writeTinyModel(at('tiny.safetensors'));
  await drawTinyPairs(at('drawn'), 8);
  const run = runIn('whole');
  operations = (await run.sit()).done;
  whole = await run.essence();
});

describe('a run that is killed', () => {
  it('again and again at random ends with the same bytes as one that was not', async () => {
    expect(operations.length).toBeGreaterThan(50);
    const run = runIn('killed');
    for (let count = 0; count < kills;) {
      const { killed } = await run.sit(randomDeath(random, operations.length, 3000));
      if (killed) count++;
      // Done before it could die: another run is to be killed.
      else {
        expect(await run.essence()).toEqual(whole);
        fs.rmSync(run.folder, { recursive: true });
      }
    }
    await run.sit();
    expect(await run.essence()).toEqual(whole);
    run.expectTidy();
  });

  it('between a temporary file and its renaming goes on from the file before', async () => {
    // In the order of a run's life; the first two leave no run, which is then begun anew.
    const renamings = [
      'rename state.safetensors 1',
      'rename config.json 1',
      'rename state.safetensors 2',
      'rename state.safetensors 3',
      'rename last.safetensors 1',
      'rename best.safetensors 1',
    ];
    const run = runIn('renamed');
    for (const renaming of renamings) {
      expect(await run.sit({ at: renaming })).toMatchObject({ killed: true });
      expect(operations).toContain(renaming.replace(/ \d+$/, ''));
      const temporary = (fs.readdirSync(run.folder, { recursive: true }) as string[]).filter((name) =>
        name.endsWith('.tmp'),
      );
      expect(temporary.length).toBeGreaterThan(0);
    }
    const tensorBoard = (await run.sit()).done.find((said) => /^rename .*tfevents/.test(said));
    expect(tensorBoard).toBeDefined();
    expect(await run.essence()).toEqual(whole);
    run.expectTidy();
  });

  it('within an event leaves a log whose last line is cut, and goes on', async () => {
    const run = runIn('cut');
    expect(await run.sit({ at: 'append events.jsonl 5', within: true })).toMatchObject({ killed: true });
    expect(fs.readFileSync(run.file('events.jsonl'), 'utf8').endsWith('\n')).toBe(false);
    await run.sit();
    expect(await run.essence()).toEqual(whole);
  });

  it('while it takes its lock keeps nobody out', async () => {
    const run = runIn('locking');
    for (const moment of ['open run.lock.tmp 1', 'write run.lock.tmp 1', 'link run.lock 1']) {
      for (const within of [false, true]) {
        expect(await run.sit({ at: moment.replace('run.lock.tmp', '.run.lock.tmp'), within })).toMatchObject({
          killed: true,
        });
      }
    }
    await run.sit();
    expect(await run.essence()).toEqual(whole);
    run.expectTidy();
  });
});
