// Whatever is wrong with the input: exit code 1, one line that names the file and what to do, nothing half-written.
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawDiscs, writeMask } from '../../support/drawnImage';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawTinyPairs, writeTinyModel } from '../../support/tinyModel';
import { commandLine, type CommandLine } from './commandLine';

const folder = temporaryFolder('bad-input');
const at = (...parts: string[]): string => path.join(folder, ...parts);
let medSa: CommandLine;

beforeAll(async () => {
  await writeTinyModel(at('tiny.safetensors'));
  await drawTinyPairs(at('pairs'), 6);
  medSa = await commandLine(folder);
});

/** Runs a command that must fail, and returns its last words; its folder is as it was before. */
async function failure(...args: string[]): Promise<string> {
  const before = fs.readdirSync(folder, { recursive: true }).sort();
  const { code, stdout, stderr } = await medSa.run(...args);
  expect(fs.readdirSync(folder, { recursive: true }).sort()).toEqual(before);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).not.toMatch(/^\s+at /m);
  return stderr.trimEnd().split('\n').at(-1) ?? '';
}

/** A copy of the good pairs with one thing wrong. */
async function spoiled(name: string, spoil: (pairs: string) => Promise<void> | void): Promise<string> {
  fs.cpSync(at('pairs'), at(name), { recursive: true });
  await spoil(at(name));
  return name;
}

const tiny = ['--model', 'tiny.safetensors', '--device', 'cpu'];
const click = ['--point', '30,20', ...tiny];
const image = path.join('pairs', 'image-0.png');

describe('med-sa segment', () => {
  it('tells of an image that is missing, a folder, not read, or damaged', async () => {
    expect(await failure('segment', 'no.png', ...click)).toBe('no.png does not exist: check the path');
    expect(await failure('segment', 'pairs', ...click)).toMatch(/^pairs is a folder without DICOM images: name a file/);
    expect(await failure('segment', 'pairs/pairs.csv', ...click)).toMatch(/^pairs\/pairs\.csv ends in \.csv.*convert/);
    fs.writeFileSync(at('cut.png'), fs.readFileSync(at(image)).subarray(0, 200));
    expect(await failure('segment', 'cut.png', ...click)).toMatch(/^cut\.png/);
  });

  it('tells of prompts outside of the image, with its size', async () => {
    const outside = /^the point 60,20 lies outside of pairs\/image-0\.png, which is 60×48 pixels/;
    expect(await failure('segment', image, '--point', '60,20', ...tiny)).toMatch(outside);
    expect(await failure('segment', image, '--point', '-1,20', ...tiny)).toMatch(/^the point -1,20 lies outside/);
    expect(await failure('segment', image, '--box', '5,5,61,20', ...tiny)).toMatch(/^the box 5,5,61,20 leaves pairs/);
    expect(await failure('segment', image, '--box', '9,5,9,20', ...tiny)).toMatch(/is empty/);
    expect(await failure('segment', image, '--slice', '1', ...click)).toMatch(/image-0\.png has no slice 1/);
  });

  it('tells of models and adapters that are none', async () => {
    const prompt = ['--point', '30,20', '--device', 'cpu'];
    expect(await failure('segment', image, '--model', 'heart', ...prompt)).toMatch(
      /^unknown model heart: known are .*phantom-sam.*name a \.safetensors or \.pth file/,
    );
    expect(await failure('segment', image, '--model', 'no.pth', ...prompt)).toMatch(/no\.pth does not exist/);
    expect(await failure('segment', image, '--model', `./${image}`, ...prompt)).toContain('image-0.png');
    expect(await failure('segment', image, '--adapters', 'tiny.safetensors', ...click)).toMatch(
      /tiny\.safetensors holds no Med-SA adapters: take/,
    );
  });

  it('tells before it computes that the mask cannot be written', async () => {
    expect(await failure('segment', image, '--out', 'mask.jpg', ...click)).toMatch(/mask\.jpg does not end in \.png/);
    expect(await failure('segment', image, '--out', 'no/mask.png', ...click)).toMatch(/the folder .*no does not exist/);
  });

  it('exits 2 without a prompt', async () => {
    expect(await medSa.run('segment', image, ...tiny)).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('med-sa train and evaluate', () => {
  const cases: [what: string, name: string, spoil: (pairs: string) => Promise<void> | void, words: RegExp][] = [
    ['no folder', 'nowhere', () => undefined, /nowhere does not exist: check the path of the data/],
    [
      'no table',
      'no-table',
      (pairs) => fs.rmSync(path.join(pairs, 'pairs.csv')),
      /needs a pairs\.csv with the columns/,
    ],
    [
      'a file that is not there',
      'gone',
      (pairs) => fs.rmSync(path.join(pairs, 'image-2.png')),
      /pairs\.csv, line 4: there is no file image-2\.png in .*; correct the name or remove the line/,
    ],
    [
      'an image that cannot be read',
      'unreadable',
      (pairs) => fs.writeFileSync(path.join(pairs, 'image-2.png'), 'not a picture'),
      /image-2\.png/,
    ],
    [
      'a mask of another size',
      'resized',
      (pairs) => writeMask(drawDiscs(59, 48, [{ x: 30, y: 20, radius: 9, level: 1 }]), path.join(pairs, 'mask-3.png')),
      /mask-3\.png is 59×48 but its image .*image-3\.png is 60×48/,
    ],
    [
      'an empty mask',
      'empty',
      (pairs) => writeMask(drawDiscs(60, 48, []), path.join(pairs, 'mask-5.png')),
      /mask-5\.png is empty: no pixel belongs to the target/,
    ],
  ];

  it.each(cases)('tell of %s', async (_, name, spoil, words) => {
    if (name !== 'nowhere') await spoiled(name, spoil);
    expect(await failure('train', '--data', name, ...tiny, '--epochs', '1', '--out', 'run')).toMatch(words);
    expect(await failure('evaluate', '--data', name, ...tiny)).toMatch(words);
  });

  it('tell of a model that does not fit, and of one group only', async () => {
    const run = ['--epochs', '1', '--out', 'run', '--device', 'cpu'];
    expect(await failure('train', '--data', 'pairs', '--model', 'no.safetensors', ...run)).toMatch(/does not exist/);
    const patches = ['--model', 'tiny.safetensors', '--image-size', '60'];
    expect(await failure('train', '--data', 'pairs', ...patches, ...run)).toMatch(/image size 60 is no multiple/);
    await drawTinyPairs(at('alone'), 2);
    expect(await failure('train', '--data', 'alone', ...tiny, '--epochs', '1', '--out', 'run')).toMatch(
      /1 group .*at least two are needed/,
    );
  });

  it('print the error as the one object with --json', async () => {
    const error = await medSa.json(['evaluate', '--data', 'gone', ...tiny], 1);
    expect(error).toEqual({
      error: { name: 'UserError', message: expect.stringContaining('image-2.png'), file: at('gone', 'image-2.png') },
    });
  });
});

describe('med-sa resume, doctor and phantoms', () => {
  it('tell of folders that are none of theirs', async () => {
    expect(await failure('resume', 'pairs')).toMatch(/pairs holds no run: config\.json is missing/);
    expect(await failure('doctor', '--parity', 'pairs', '--device', 'cpu')).toMatch(/no parity goldens in .*pairs/);
    expect(await failure('phantoms', '--out', 'pairs')).toMatch(/pairs is not empty: choose a new folder/);
    expect(await failure('phantoms', '--out', 'new', '--family', 'harts')).toMatch(
      /there is no family "harts".*cardiac/,
    );
  });
});
