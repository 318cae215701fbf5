// A hundred SIGKILLs of training processes, at random moments and at random file operations. After every one of them the
// state on the disk is, bit for bit, one of the run that nobody killed, with that run's events before it; so is the end.
// MEDSA_KILLS=N: other than a hundred; MEDSA_KILL_SEED: others of them.
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { commandLine } from '../../integration/cli/commandLine';
import { KilledRun, randomDeath, stateIn } from '../../support/killedRun';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawTinyPairs, writeTinyModel } from '../../support/tinyModel';

const kills = Number(process.env.MEDSA_KILLS ?? 100);
const seed = Number(process.env.MEDSA_KILL_SEED ?? 2026);
const folder = temporaryFolder('kills-training');
const at = (...parts: string[]): string => path.join(folder, ...parts);
// Corrective clicks make several optimiser steps of a batch; pictures are changed by chance; the rate follows a schedule.
const training = [
  ...['train', '--data', 'drawn', '--model', 'tiny.safetensors', '--epochs', '4', '--batch', '2', '--seed', '3'],
  ...['--val-fraction', '0.25', '--schedule', 'cosine', '--checkpoint-seconds', '0', '--device', 'cpu'],
];

it(`${kills} kills of training processes change no bit`, async () => {
  const random = new Random(seed);
  const medSa = await commandLine(folder);
  await writeTinyModel(at('tiny.safetensors'));
  await drawTinyPairs(at('drawn'), 10);

  // Every state that the run goes through, by the place where it stands.
  const keep = at('states');
  fs.mkdirSync(keep);
  const reference = new KilledRun(medSa, training, at('whole'));
  const began = performance.now();
  const { done: operations } = await reference.sit({}, keep);
  const longestMs = Math.round(performance.now() - began);
  const whole = await reference.essence();
  const states = new Map<string, { vectors: Record<string, string>; events: string[] }>();
  for (const name of fs.readdirSync(keep)) {
    const { vectors, position, eventBytes } = await stateIn(path.join(keep, name));
    states.set(JSON.stringify(position), { vectors, events: reference.events(eventBytes) });
  }
  expect(states.size).toBeGreaterThan(12);

  const figures = { kills: 0, atOperations: 0, within: 0, atMoments: 0, states: 0, beforeARun: 0, runs: 0 };
  const met = new Set<string>();
  const run = new KilledRun(medSa, training, at('killed'));
  const finish = async (): Promise<void> => {
    expect(await run.essence()).toEqual(whole);
    run.expectTidy();
    fs.rmSync(run.folder, { recursive: true });
    figures.runs++;
  };
  while (figures.kills < kills) {
    const death = randomDeath(random, operations.length, longestMs);
    const { killed, done } = await run.sit(death);
    if (!killed) {
      await finish();
      continue;
    }
    figures.kills++;
    if (death.at === undefined) figures.atMoments++;
    else {
      figures[death.within ? 'within' : 'atOperations']++;
      met.add(done.at(-1) ?? '');
    }
    if (!fs.existsSync(run.file('config.json'))) {
      figures.beforeARun++;
      continue;
    }
    const { vectors, position, eventBytes } = await stateIn(run.file('checkpoints', 'state.safetensors'));
    const same = states.get(JSON.stringify(position));
    expect(same, `the position ${JSON.stringify(position)} is one of the run that nobody killed`).toBeDefined();
    expect(vectors).toEqual(same?.vectors);
    expect(run.events(eventBytes)).toEqual(same?.events);
    figures.states++;
  }
  await run.sit();
  await finish();
  console.log(`training: ${JSON.stringify({ ...figures, operations: operations.length, kinds: met.size, seed })}`);
});
