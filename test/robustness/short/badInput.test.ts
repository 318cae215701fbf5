// Bad input, the short form: some cases of every reader and every message, each time the same ones.
import { expect, it } from 'vitest';
import { complaints, runCampaign } from '../mutator/campaign';

it('damaged inputs end in an error that speaks, or in a right result', async () => {
  const verdicts = await runCampaign({ seed: 2, cases: 600, processes: 2 });
  expect(verdicts.length).toBeGreaterThan(500);
  expect(complaints(verdicts).join('\n')).toBe('');
  // A mutator that breaks everything, or nothing, tests nothing.
  for (const ending of ['typed', 'right']) {
    expect(verdicts.filter((verdict) => verdict.ending === ending).length).toBeGreaterThan(50);
  }
});
