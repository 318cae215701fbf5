// Of several processes that want one thing, one gets it, whoever is killed while holding it or taking it.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { runHolder } from '../../../src/kernel/training/runLock';
import { commandLine, type CommandLine } from '../../integration/cli/commandLine';
import { bundled } from '../../support/bundle';
import { KilledRun } from '../../support/killedRun';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawTinyPairs, writeTinyModel } from '../../support/tinyModel';

const folder = temporaryFolder('locks');
const at = (...parts: string[]): string => path.join(folder, ...parts);

describe('processes that contend for a lock', () => {
  it('hold it one at a time, and those that are killed keep nobody out', async () => {
    const program = await bundled('test/support/lockContender.ts', 'contender');
    const [lock, log] = [at('lock'), at('log')];
    const random = new Random(5);
    const wanted = 12;
    let killed = 0;
    const contend = async (): Promise<void> => {
      while (killed < wanted) {
        const child = spawn(process.execPath, [program, lock, log], { stdio: ['ignore', 'pipe', 'inherit'] });
        const ended = new Promise<NodeJS.Signals | null>((resolve) =>
          child.once('exit', (_, signal) => resolve(signal)),
        );
        await new Promise((resolve) => child.stdout.once('data', resolve));
        await sleep(random.integer(300));
        fs.appendFileSync(log, `${child.pid} killed\n`);
        child.kill('SIGKILL');
        // Nothing else ends it: it would have been taken over at work, or refused in other words.
        expect(await ended).toBe('SIGKILL');
        killed++;
      }
    };
    await Promise.all([contend(), contend(), contend()]);

    let holder: string | null = null;
    const [dead, held] = [new Set<string>(), new Set<string>()];
    let takings = 0;
    for (const line of fs.readFileSync(log, 'utf8').trimEnd().split('\n')) {
      const [pid, what] = line.split(' ');
      if (what === 'killed') dead.add(pid);
      else if (what === 'takes') {
        // Who held it before has let go, or was killed.
        if (holder !== null) expect(dead).toContain(holder);
        holder = pid;
        held.add(pid);
        takings++;
      } else {
        expect(pid).toBe(holder);
        if (what === 'releases') holder = null;
      }
    }
    expect(held.size).toBeGreaterThan(2);
    expect(takings).toBeGreaterThan(held.size);
  });
});

describe('two processes that resume one run', () => {
  const training = [
    ...['train', '--data', 'drawn', '--model', 'tiny.safetensors', '--epochs', '3', '--batch', '2', '--seed', '3'],
    ...['--val-fraction', '0.25', '--checkpoint-seconds', '0', '--device', 'cpu'],
  ];
  let medSa: CommandLine;

  beforeAll(async () => {
    medSa = await commandLine(folder);
    await writeTinyModel(at('tiny.safetensors'));
    await drawTinyPairs(at('drawn'), 8);
  });

  it('one goes on, the other is refused with its number; after a kill the next one goes on at once', async () => {
    const run = new KilledRun(medSa, training, at('run'));
    expect(await run.sit({ at: 'append events.jsonl 3' })).toMatchObject({ killed: true });
    // Left by the kill.
    expect(runHolder(run.folder)).toMatchObject({ atWork: false });
    const both = [medSa.start(['resume', run.folder]), medSa.start(['resume', run.folder])];
    const first = await Promise.race(both.map(async (one) => ({ one, ended: await one.ended })));
    const other = both.find((one) => one !== first.one)!;
    expect(first.ended.code).toBe(1);
    expect(first.ended.stderr).toMatch(
      new RegExp(
        `process ${other.pid} on .*: stop that first|Process ${other.pid} is working on the run .*: wait until`,
      ),
    );
    await vi.waitFor(() => expect(runHolder(run.folder)).toMatchObject({ pid: other.pid, atWork: true }), 20_000);
    process.kill(other.pid, 'SIGKILL');
    await other.ended;
    await run.sit();
    const whole = new KilledRun(medSa, training, at('whole'));
    await whole.sit();
    expect(await run.essence()).toEqual(await whole.essence());
    run.expectTidy();
  });
});
