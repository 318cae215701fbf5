// Places, languages and clocks that are not the developer's: the command line makes the same of the same.
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { commandLine, type CommandLine } from '../../integration/cli/commandLine';
import { KilledRun } from '../../support/killedRun';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawTinyPairs, writeTinyModel } from '../../support/tinyModel';

const folder = temporaryFolder('odd');
const training = [
  ...['train', '--data', 'drawn', '--model', 'tiny.safetensors', '--epochs', '1', '--batch', '4', '--seed', '3'],
  ...['--val-fraction', '0.25', '--device', 'cpu'],
];

/** Trains in a folder of its own. @returns what does not name that folder */
async function trainIn(name: string, env: Readonly<Record<string, string>>) {
  const place = path.join(folder, name);
  fs.mkdirSync(place, { recursive: true });
  await writeTinyModel(path.join(place, 'tiny.safetensors'));
  await drawTinyPairs(path.join(place, 'drawn'), 6);
  const medSa: CommandLine = await commandLine(place, env);
  const run = new KilledRun(medSa, training, path.join(place, 'my run'));
  await run.sit();
  const { config, ...essence } = await run.essence();
  const said = Buffer.from(config, 'hex').toString('utf8').replaceAll(JSON.stringify(place).slice(1, -1), 'PLACE');
  const { runs } = (await medSa.json(['runs', 'my run'])) as { runs: { started: number; run: string }[] };
  expect(runs).toMatchObject([{ run: run.folder, status: 'done' }]);
  expect(Math.abs(Date.now() - runs[0].started)).toBeLessThan(600_000);
  return { essence, said };
}

let plain: Awaited<ReturnType<typeof trainIn>>;
beforeAll(async () => {
  plain = await trainIn('plain', { TZ: 'UTC', LC_ALL: 'C.UTF-8' });
});

const long = Array.from({ length: 8 }, (_, index) => `${'lang'.repeat(40)}-${index}`).join('/');

describe('a run is the same', () => {
  it.each<[string, string, Record<string, string>]>([
    ['with spaces, quotes and dollars in its path', `it's "a" $HOME; (b) #1 %20 & 100%`, { TZ: 'Pacific/Kiritimati' }],
    ['with Unicode in its path and the C locale', 'Röntgen 東京 e\u0301 😀', { LC_ALL: 'C', TZ: 'America/St_Johns' }],
    [
      'in a path of over 1300 characters, in Turkish',
      long,
      { LC_ALL: 'tr_TR.UTF-8', LANG: 'tr', TZ: 'Asia/Kathmandu' },
    ],
  ])('%s', async (_, name, env) => {
    expect(await trainIn(name, env)).toEqual(plain);
  });
});
