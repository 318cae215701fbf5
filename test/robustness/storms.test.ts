// Hundreds of beginnings and cancels (MEDSA_STORMS; MEDSA_SEED: others of them), after which nothing is left of them.
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporaryFolder';
import { report } from './report';
import { weatherStorms } from './stormHarness';

const count = Number(process.env.MEDSA_STORMS ?? 400);
const seed = Number(process.env.MEDSA_SEED ?? 1);
const folder = temporaryFolder('storms');

it.runIf(process.platform === 'linux')('a kernel weathers storms of cancelling', async () => {
  const began = performance.now();
  const begun = await weatherStorms(folder, count, seed);
  report('storms', { count, seed, minutes: (performance.now() - began) / 60_000, begun });
  expect(Object.values(begun).reduce((sum, times) => sum + times, 0)).toBe(count);
});
