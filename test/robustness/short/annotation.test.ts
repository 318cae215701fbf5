// A few of the kills of test/robustness/kills/annotation.test.ts.
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporaryFolder';
import { survive } from '../kills/survival';

it('a kernel that is killed while somebody annotates loses nothing that was shown', async () => {
  const figures = await survive(temporaryFolder('kills-annotation'), 4, 14, Number(process.env.MEDSA_KILL_SEED ?? 3));
  expect(figures.kills).toBe(4);
  expect(figures.masksShown).toBeGreaterThan(2);
});
