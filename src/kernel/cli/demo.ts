// npm run demo: executes the demo notebook on the embedded model, headless, and writes it with its pictures.
// -- --data DIR   on a data set of the user's (a folder with pairs.csv) instead of one drawn here
// -- --epochs N   how long to fine-tune
// -- --open       then starts VS Code in the browser on the executed notebook
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { CellOutput } from '../../protocol';
import { firstPrompt, loadSample, openDataset, Random, samplesOf, splitCases } from '../datasets';
import { writePhantoms } from '../datasets/phantoms';
import { UserError, UsageError } from '../errors';
import { modelsFolder } from '../inference/mediaFolder';
import { executeNotebook } from '../notebook/headless';
import { kernelOptions } from '../notebook/environment';

/** A kind of image that the embedded model was not pre-trained on. */
const drawn = { family: 'vertebrae', count: 64, seed: 11 } as const;

interface DemoOptions {
  readonly data: string | null;
  readonly epochs: number;
  readonly open: boolean;
}

function readArguments(): DemoOptions {
  try {
    const { values } = parseArgs({
      options: {
        data: { type: 'string' },
        epochs: { type: 'string', default: '6' },
        open: { type: 'boolean', default: false },
      },
    });
    const epochs = Number(values.epochs);
    if (!Number.isInteger(epochs) || epochs < 1) throw new Error('--epochs wants a whole number from 1');
    return { data: values.data ?? null, epochs, open: values.open };
  } catch (error) {
    throw new UsageError(
      `${error instanceof Error ? error.message : error}; usage: npm run demo -- [--data DIR] [--epochs N] [--open]`,
    );
  }
}

async function main(): Promise<void> {
  const options = readArguments();
  const out = path.resolve('out', 'demo');
  // Read before anything of an earlier demo goes: the data may lie there.
  if (options.data !== null) await openDataset(options.data);
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(out, { recursive: true });
  const data = options.data === null ? await drawData(path.join(out, 'data')) : path.resolve(options.data);
  const { image, click } = await exampleOf(data);

  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const notebook = path.join(out, 'demo.ipynb');
  const result = await executeNotebook({
    kernel: { ...kernelOptions(process.env, (line) => console.error(line)), runsFolder: path.join(out, 'runs') },
    notebook: path.join(path.dirname(modelsFolder()), 'demo', 'demo.ipynb'),
    out: notebook,
    variables: { dataFolder: data, exampleImage: image, exampleClick: click, epochs: options.epochs },
    signal: stop.signal,
    onCell: ({ number, of, source }) =>
      console.log(`\n[${number}/${of}] ${source.trim().split('\n').join('\n      ')}`),
    onOutput: show,
    onLog: (level, text) => level === 'info' || console.error(text),
  });
  console.log(`\nThe executed notebook: ${notebook}\nThe run:               ${path.join(out, 'runs')}`);
  if (!result.ok) throw new UserError(`the demo stopped: ${result.error}`, { file: notebook });
  if (options.open) await openInCode(notebook);
}

async function drawData(folder: string): Promise<string> {
  console.log(`Drawing ${drawn.count} images of the kind "${drawn.family}", which the model has never seen …`);
  await writePhantoms({ out: folder, ...drawn });
  return folder;
}

/** A held-out image of the data and a click inside its target: what a person would try first. */
async function exampleOf(folder: string): Promise<{ image: string; click: [number, number] }> {
  const { cases } = await openDataset(folder);
  const { validation } = splitCases(cases, { fraction: 0.2, seed: 0 });
  const [sample] = await samplesOf(validation.slice(0, 1));
  const { mask } = await loadSample(sample);
  const [{ x, y }] = firstPrompt(mask, '1-point', new Random(1)).points;
  return { image: sample.case.images[0], click: [x, y] };
}

/** A changing line is written again at most this often where it cannot be overwritten. */
const repeatEveryMs = 10_000;
let lastRepeat = 0;

/** Outputs as a terminal shows them: text as it is, a changing one on its own line. */
function show(output: CellOutput): void {
  if (output.kind === 'stream') process.stdout.write(output.text);
  if (output.kind === 'error') console.error(output.stack || `${output.name}: ${output.message}`);
  if (output.kind !== 'display') return;
  const text = output.items.find(({ mime }) => mime === 'text/plain')?.data.trimEnd();
  if (text === undefined) return;
  const going = /, (starting|running)$/.test(text);
  if (process.stdout.isTTY && (going || output.replace)) {
    process.stdout.write(`\r\u001b[K${text}${going ? '' : '\n'}`);
  } else if (!going || Date.now() - lastRepeat > repeatEveryMs) {
    if (going) lastRepeat = Date.now();
    process.stdout.write(`${text}\n`);
  }
}

/** Hands over to the script that installs VS Code for the browser and opens the notebook in it. */
function openInCode(notebook: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['test/e2e/vscode/open.mjs', notebook], { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new UserError('VS Code could not be opened'))));
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof UserError ? error.message : error instanceof Error ? error.stack : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
