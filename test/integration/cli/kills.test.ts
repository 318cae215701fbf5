// A training process that is killed at any of its file operations, or at any other moment, goes on as if nothing had
// happened. MEDSA_KILLS=N: how many random kills one run has to survive; MEDSA_KILL_SEED: others of them.
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { readSafetensors } from '../../../src/kernel/checkpoints';
import { Random } from '../../../src/kernel/datasets';
import { projectRoot } from '../../support/projectRoot';
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

interface Death {
  /** As killAt.mjs takes it. */
  readonly at?: string;
  readonly within?: boolean;
  /** From outside, milliseconds after the process was started. */
  readonly afterMs?: number;
}

/** One sitting of a run: begins it, or goes on with it. @returns the operations it got to */
async function sit(run: string, death: Death | null): Promise<{ killed: boolean; done: string[] }> {
  const log = at(`${run}.log`);
  fs.rmSync(log, { force: true });
  const command = fs.existsSync(at(run, 'config.json')) ? ['resume', run] : [...training, '--out', run];
  const running = medSa.start(command, {
    NODE_OPTIONS: `--import ${pathToFileURL(path.join(projectRoot, 'test', 'support', 'killAt.mjs')).href}`,
    KILL_UNDER: at(run),
    KILL_LOG: log,
    ...(death?.at === undefined ? {} : { KILL_AT: death.at }),
    ...(death?.within ? { KILL_HALF: '1' } : {}),
  });
  if (death?.afterMs !== undefined) {
    const over = await Promise.race([sleep(death.afterMs).then(() => false), running.ended.then(() => true)]);
    if (!over) process.kill(running.pid, 'SIGKILL');
  }
  const { code, signal, stderr } = await running.ended;
  const killed = signal === 'SIGKILL';
  if (!killed && code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}`);
  return { killed, done: fs.existsSync(log) ? fs.readFileSync(log, 'utf8').trimEnd().split('\n') : [] };
}

/** Everything that must not depend on kills, as text and bytes. */
async function essence(run: string) {
  const { tensors, metadata } = await readSafetensors(at(run, 'checkpoints', 'state.safetensors'));
  const { eventBytes, ...position } = JSON.parse(metadata.position) as Record<string, unknown>;
  expect(eventBytes).toBeGreaterThan(0);
  const bits = (data: Float32Array): string =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
  const lines = fs.readFileSync(at(run, 'events.jsonl'), 'utf8').trimEnd().split('\n');
  const events = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ type }) => type !== 'start')
    .map(({ time: _, imagesPerSecond: __, memoryMB: ___, ...event }) => JSON.stringify(event));
  const bytes = (...file: string[]): string => fs.readFileSync(at(run, ...file)).toString('hex');
  return {
    config: bytes('config.json'),
    best: bytes('checkpoints', 'best.safetensors'),
    last: bytes('checkpoints', 'last.safetensors'),
    state: Object.fromEntries([...tensors].map(([name, { data }]) => [name, bits(data)])),
    position,
    events,
  };
}

/** Nothing half written is left, and nobody holds the run. */
function expectTidy(run: string): void {
  const names = fs.readdirSync(at(run), { recursive: true }) as string[];
  expect(names.filter((name) => name.endsWith('.tmp') || name.endsWith('.lock'))).toEqual([]);
  expect(names.filter((name) => name.startsWith(`tb${path.sep}`))).toHaveLength(1);
}

let whole: Awaited<ReturnType<typeof essence>>;

beforeAll(async () => {
  medSa = await commandLine(folder);
  await writeTinyModel(at('tiny.safetensors'));
  await drawTinyPairs(at('drawn'), 8);
  operations = (await sit('whole', null)).done;
  whole = await essence('whole');
});

describe('a run that is killed', () => {
  it('again and again at random ends with the same bytes as one that was not', async () => {
    expect(operations.length).toBeGreaterThan(50);
    for (let count = 0; count < kills;) {
      const number = String(1 + random.integer(operations.length));
      const death: Death = random.chance(0.25)
        ? { afterMs: random.integer(3000) }
        : { at: number, within: random.chance(0.5) };
      const { killed } = await sit('killed', death);
      if (killed) count++;
      // Done before it could die: another run is to be killed.
      else {
        expect(await essence('killed')).toEqual(whole);
        fs.rmSync(at('killed'), { recursive: true });
      }
    }
    await sit('killed', null);
    expect(await essence('killed')).toEqual(whole);
    expectTidy('killed');
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
    for (const renaming of renamings) {
      expect(await sit('renamed', { at: renaming })).toMatchObject({ killed: true });
      expect(operations).toContain(renaming.replace(/ \d+$/, ''));
      const temporary = (fs.readdirSync(at('renamed'), { recursive: true }) as string[]).filter((name) =>
        name.endsWith('.tmp'),
      );
      expect(temporary.length).toBeGreaterThan(0);
    }
    const tensorBoard = (await sit('renamed', { at: '1000000' })).done.find((said) => /^rename .*tfevents/.test(said));
    expect(tensorBoard).toBeDefined();
    expect(await essence('renamed')).toEqual(whole);
    expectTidy('renamed');
  });

  it('within an event leaves a log whose last line is cut, and goes on', async () => {
    expect(await sit('cut', { at: 'append events.jsonl 5', within: true })).toMatchObject({ killed: true });
    expect(fs.readFileSync(at('cut', 'events.jsonl'), 'utf8').endsWith('\n')).toBe(false);
    await sit('cut', null);
    expect(await essence('cut')).toEqual(whole);
  });
});
