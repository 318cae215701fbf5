// Sittings of one training run that processes begin, and do not all live to end.
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import type { CommandLine } from '../integration/cli/commandLine';
import { readSafetensors } from '../../src/kernel/checkpoints';
import type { Random } from '../../src/kernel/datasets';
import { projectRoot } from './projectRoot';

export interface Death {
  /** As killAt.mjs takes it. */
  readonly at?: string;
  readonly within?: boolean;
  /** From outside, milliseconds after the process was started. */
  readonly afterMs?: number;
}

/** A moment drawn by chance: at one of so many file operations, within one, or any other. */
export const randomDeath = (random: Random, operations: number, longestMs: number): Death =>
  random.chance(0.25)
    ? { afterMs: random.integer(longestMs) }
    : { at: String(1 + random.integer(operations)), within: random.chance(0.5) };

/** What loads killAt.mjs into a process. */
export const killable = (folder: string, { at, within }: Death = {}): Record<string, string> => ({
  NODE_OPTIONS: `--import ${pathToFileURL(path.join(projectRoot, 'test', 'support', 'killAt.mjs')).href}`,
  KILL_UNDER: folder,
  ...(at === undefined ? {} : { KILL_AT: at }),
  ...(within ? { KILL_HALF: '1' } : {}),
});

/** A run that is begun with `training` (arguments of med-sa), in a folder of the command line's. */
export class KilledRun {
  constructor(
    private readonly medSa: CommandLine,
    private readonly training: readonly string[],
    /** Absolute path of the run. */
    readonly folder: string,
  ) {}

  /** Begins the run, or goes on with it. @returns the file operations that it got to. `keep`: see killAt.mjs */
  async sit(death: Death = {}, keep?: string): Promise<{ killed: boolean; done: string[] }> {
    const log = `${this.folder}.log`;
    fs.rmSync(log, { force: true });
    const begun = fs.existsSync(path.join(this.folder, 'config.json'));
    const command = begun ? ['resume', this.folder] : [...this.training, '--out', this.folder];
    const running = this.medSa.start(command, {
      ...killable(this.folder, death),
      KILL_LOG: log,
      ...(keep === undefined ? {} : { KILL_KEEP: keep }),
    });
    if (death.afterMs !== undefined) {
      const over = await Promise.race([sleep(death.afterMs).then(() => false), running.ended.then(() => true)]);
      if (!over) process.kill(running.pid, 'SIGKILL');
    }
    const { code, signal, stderr } = await running.ended;
    const killed = signal === 'SIGKILL';
    if (!killed && code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}`);
    return { killed, done: fs.existsSync(log) ? fs.readFileSync(log, 'utf8').trimEnd().split('\n') : [] };
  }

  /** Everything that must not depend on kills, as text and bytes. */
  async essence() {
    const { eventBytes, ...state } = await stateIn(this.file('checkpoints', 'state.safetensors'));
    expect(eventBytes).toBeGreaterThan(0);
    const bytes = (...file: string[]): string => fs.readFileSync(this.file(...file)).toString('hex');
    return {
      config: bytes('config.json'),
      best: bytes('checkpoints', 'best.safetensors'),
      last: bytes('checkpoints', 'last.safetensors'),
      state,
      events: this.events(),
    };
  }

  /** Events of the first so many bytes of the log, without what tells of times. */
  events(bytes?: number): string[] {
    const log = fs.readFileSync(this.file('events.jsonl')).subarray(0, bytes).toString('utf8');
    return log
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ type }) => type !== 'start')
      .map(({ time: _, imagesPerSecond: __, memoryMB: ___, ...event }) => JSON.stringify(event));
  }

  /** Nothing half written is left, and nobody holds the run. */
  expectTidy(): void {
    const names = fs.readdirSync(this.folder, { recursive: true }) as string[];
    expect(names.filter((name) => name.endsWith('.tmp') || name.includes('.lock'))).toEqual([]);
    expect(names.filter((name) => name.startsWith(`tb${path.sep}`))).toHaveLength(1);
  }

  file(...parts: string[]): string {
    return path.join(this.folder, ...parts);
  }
}

/** Every bit that a run goes on from: parameters, both moments, position. */
export async function stateIn(file: string) {
  const { tensors, metadata } = await readSafetensors(file);
  const { eventBytes, ...position } = JSON.parse(metadata.position) as Record<string, unknown> & { eventBytes: number };
  const bits = (data: Float32Array): string =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
  const vectors = Object.fromEntries([...tensors].map(([name, { data }]) => [name, bits(data)]));
  return { vectors, position, eventBytes };
}
