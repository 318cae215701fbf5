// Bad input, the long form: `npm run robustness -- test/robustness/badInput.test.ts`.
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from '../support/projectRoot';
import { complaints, runCampaign, table } from './mutator/campaign';

const seed = Number(process.env.MEDSA_SEED ?? 1);
const cases = Number(process.env.MEDSA_CASES ?? 10_000);
const only = new RegExp(process.env.MEDSA_READERS ?? '.');

it(`${cases} damaged inputs end in an error that speaks, or in a right result`, async () => {
  const verdicts = await runCampaign({ seed, cases, processes: 2, only });
  const report = table(verdicts);
  console.log(report);
  const out = path.join(projectRoot, 'out', 'robustness');
  fs.writeFileSync(path.join(out, 'badInput.md'), `seed ${seed}\n\n${report}\n`);
  fs.writeFileSync(path.join(out, 'badInput.json'), JSON.stringify(verdicts));
  expect(complaints(verdicts).join('\n')).toBe('');
});
