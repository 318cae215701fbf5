// A hundred SIGKILLs of a kernel while somebody annotates: no prompt and no mask that was shown is lost.
// MEDSA_KILLS=N: other than a hundred; MEDSA_KILL_SEED: others of them.
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporaryFolder';
import { survive } from './survival';

const kills = Number(process.env.MEDSA_KILLS ?? 100);
const seed = Number(process.env.MEDSA_KILL_SEED ?? 2026);

it(`${kills} kills of a kernel lose nothing that was shown`, async () => {
  const figures = await survive(temporaryFolder('kills-annotation'), kills, 60, seed);
  expect(figures.kills).toBe(kills);
  expect(figures.masksShown).toBeGreaterThan(kills);
  console.log(`annotation: ${JSON.stringify({ ...figures, seed })}`);
});
