import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/protocol';
import { medSa } from '../support/cli';
import { drawDiscs, writeImage } from '../support/drawnImage';
import { openNotebook, readCell, runCell } from './notebook';
import { Viewer } from './viewer';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

const image = drawDiscs(128, 128, [{ x: 60, y: 66, radius: 30, level: 200 }]);
const epochs = 8;

describe.skipIf(!hasBrowser)('fine-tuning from the command palette', () => {
  const window = workbench();
  let run: string;

  beforeAll(async () => {
    if (!hasBrowser) return;
    await openNotebook(window, 'tune/tune.ipynb', ['await open("scan.png")']);
    const folder = path.join(window.workspace, 'tune');
    await writeImage(image, path.join(folder, 'scan.png'));
    fs.mkdirSync(folder, { recursive: true });
    const drawn = await medSa(['phantoms', '--out', path.join(folder, 'lesions'), '--count', '12', '--seed', '7']);
    expect(drawn.stderr + drawn.stdout, 'med-sa phantoms').not.toMatch(/error/i);
    expect(drawn.code).toBe(0);
  });

  it('asks for data, model, what learns, prompts and epochs, measures a step, and starts a run', async () => {
    pictureOnFailure(window, 'tune-start');
    const runs = path.join(window.workspace, 'runs');
    const before = fs.existsSync(runs) ? fs.readdirSync(runs) : [];
    await window.palette('Med-SA: Fine-tune…');
    await answer('Which data?', 'lesions');
    await answer('Which model', 'phantom-sam');
    await answer('What is trained?', 'Adapters');
    await answer('Which prompts', 'Clicks and boxes');
    await answer('Epochs', String(epochs));
    await answer('Start the fine-tune?', '');
    run = await untilRun(runs, before);
  });

  it('shows curves that grow while it trains', async () => {
    pictureOnFailure(window, 'tune-curves');
    const frame = await window.outputFrame(() => document.querySelector('.uplot canvas') !== null);
    // Read from the output itself: what has arrived there while the run was going on.
    const curves = new Map<number, string>();
    const deadline = Date.now() + 240_000;
    // An epoch's own curves are those when the next one begins: figures and words arrive in messages of their own.
    while (curves.size < 3 && Date.now() < deadline) {
      const seen = await frame.evaluate(() => {
        const plots = [...document.querySelectorAll<HTMLCanvasElement>('.uplot canvas')];
        return { text: document.body.innerText, curves: plots.map((plot) => plot.toDataURL()).join() };
      });
      const epoch = Number(/epoch (\d+) of/i.exec(seen.text)?.[1] ?? 0);
      if (events(run).some(({ type }) => type === 'end')) break;
      if (epoch > 0) curves.set(epoch, seen.curves);
      await window.page.waitForTimeout(100);
    }
    expect(curves.size, 'epochs that arrived while the run was going').toBeGreaterThanOrEqual(3);
    const whole = [...curves.values()].slice(0, -1);
    expect(new Set(whole).size, 'the curves were drawn anew').toBe(whole.length);
  });

  it('ends with the adapters on disk', async () => {
    pictureOnFailure(window, 'tune-end');
    const deadline = Date.now() + 240_000;
    while (!events(run).some(({ type }) => type === 'end') && Date.now() < deadline)
      await window.page.waitForTimeout(250);
    expect(events(run).at(-1)).toMatchObject({ type: 'end', status: 'done' });
    expect(fs.existsSync(path.join(run, 'checkpoints', 'best.safetensors'))).toBe(true);
    expect((await readCell(window, 1)).items.map(({ mime }) => mime)).toContain('application/vnd.med-sa.training+json');
  });

  it('answers the next click with the adapters', async () => {
    pictureOnFailure(window, 'tune-adapters');
    expect((await runCell(window, 0)).success).toBe(true);
    const viewer = await Viewer.shown(window, image);
    await viewer.click(60, 66);
    await viewer.says(/IoU/);
    const frozen = await viewer.text();
    expect(frozen).not.toContain(path.basename(run));

    await window.palette('Med-SA: Use adapters');
    await answer('Which run', path.basename(run));
    await window.page.locator('.statusbar', { hasText: path.basename(run) }).waitFor();
    await viewer.click(70, 60);
    await viewer.says(new RegExp(path.basename(run)));
  });

  /** Answers one step of a quick input, once it is the one that is asked. */
  async function answer(question: string, text: string): Promise<void> {
    const widget = window.page.locator('.quick-input-widget');
    await widget
      .filter({ has: window.page.locator(`[placeholder*="${question}"], :text("${question}")`) })
      .first()
      // A step is measured meanwhile, on a machine that may be busy.
      .waitFor({ timeout: 120_000 });
    await widget.locator('input').first().fill(text);
    await window.page.keyboard.press('Enter');
  }
});

/** What the run has written so far; a line that is being written is left out. */
function events(run: string): RunEvent[] {
  const file = path.join(run, 'events.jsonl');
  if (!fs.existsSync(file)) return [];
  const lines = fs.readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as RunEvent);
}

async function untilRun(folder: string, before: readonly string[]): Promise<string> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const [name] = (fs.existsSync(folder) ? fs.readdirSync(folder) : []).filter((each) => !before.includes(each));
    if (name) return path.join(folder, name);
    if (Date.now() > deadline) throw new Error(`No run appeared in ${folder} within a minute.`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
