// An image, a panel of curves and one of the inspector, opened and closed again and again in real VS Code.
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { medSa } from '../support/cli';
import { drawDiscs, writeImage } from '../support/drawnImage';
import { closeNotebooks, openNotebook, revealCell, runCell } from './notebook';
import { chooseAdapters } from './sideBar';
import { changes, Viewer } from './viewer';
import { type Growth, grown, growthText, leftBehind } from './weight';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

/** `MEDSA_REOPENINGS=50` is the long form. */
const reopenings = Number(process.env.MEDSA_REOPENINGS ?? 8);
/** Programs, caches and VS Code's own pools of editors are made in the first ones. */
const warmUp = 2;
/** A round takes seconds; a machine may be busy. */
const timeout = (5 + warmUp + reopenings) * 60_000;

/** Of what is compared by the round. */
const fewer = Math.min(reopenings, 8);

const image = drawDiscs(160, 128, [
  { x: 56, y: 60, radius: 28, level: 200 },
  { x: 124, y: 90, radius: 20, level: 190 },
]);

describe.skipIf(!hasBrowser)('what is opened and closed', { timeout }, () => {
  const window = workbench();
  let folder: string;
  let run: string;
  /** What VS Code itself keeps of a notebook without anything of ours and two panels beside it. */
  let own: Growth;

  beforeAll(async () => {
    if (!hasBrowser) return;
    folder = path.join(window.workspace, 'reopenings');
    const data = path.join(folder, 'drawn');
    run = path.join(folder, 'runs', 'short');
    fs.mkdirSync(folder, { recursive: true });
    await writeImage(image, path.join(folder, 'scan.png'));
    expect((await medSa(['phantoms', '--out', data, '--count', '8', '--seed', '3'])).code).toBe(0);
    const sizes = ['--epochs', '1', '--batch', '4', '--image-size', '64', '--device', 'cpu'];
    const trained = await medSa(['train', '--data', data, '--out', run, ...sizes]);
    expect(trained.code, trained.stderr).toBe(0);

    await prepare('words.ipynb', ['console.log("words")']);
    await prepare('image.ipynb', ['await open("scan.png")']);
    await prepare('words-again.ipynb', ['console.log(1)', 'console.log(2)', 'console.log(3)']);
    const adapters = fs.readdirSync(path.join(run, 'checkpoints')).find((name) => name.startsWith('best'));
    await prepare('again.ipynb', [
      'await open("scan.png")',
      'await watch("runs/short")',
      `await inspect(await open("scan.png"), { adapters: "runs/short/checkpoints/${adapters}", points: [[56, 60]] })`,
    ]);
    // What the editor proposes to do with a cell's code is made when it comes to it.
    await window.api((vscode) => vscode.workspace.getConfiguration('editor').update('lightbulb.enabled', 'off', true));
    // The API keeps what it has opened for minutes.
    await window.reload();
  });

  it('is VS Code’s own, to compare with', async () => {
    pictureOnFailure(window, 'reopenings-own');
    own = await inRounds(
      'VS Code’s own',
      async () => {
        await open('words.ipynb');
        await runCell(window, 0);
        await panel('Beside');
        await panel('Active');
        await close();
      },
      fewer,
    );
    // What is VS Code's own is in its page and its extension host only.
    const ofOurs = (found: string): boolean => / of \w+\.js/.test(found);
    expect(leftBehind(own).filter(ofOurs)).toEqual([]);
    expect(own.after.processes.map(({ program }) => program)).not.toContain('cell.js');
  });

  it('leaves nothing behind: a notebook with an image that is clicked on, curves, an inspection', async () => {
    pictureOnFailure(window, 'reopenings');
    const ours = await inRounds('image, curves, inspection', async () => {
      await open('image.ipynb');
      await runCell(window, 0);
      const viewer = await Viewer.shown(window, image);
      const untouched = await viewer.picture();
      await viewer.click(56, 60);
      await viewer.until((now) => changes(untouched, now) > 100, 'a mask is drawn');
      await viewer.button('Undo');
      await viewer.until((now) => changes(untouched, now) < 40, 'the mask is taken back');
      await inspectorPanel();
      await curvesPanel();
      await close();
    });
    expect(leftBehind(ours, own)).toEqual([]);
    expect(ours.after.processes.map(({ program }) => program)).not.toContain('cell.js');
  });

  it('is found out when it leaves something', async () => {
    const leaking = await inRounds(
      'left on purpose',
      async () => {
        await window.page.evaluate(() => {
          // VS Code's own come and go by a few.
          for (let each = 0; each < 5; each++) document.addEventListener('visibilitychange', () => each);
        });
        await window.api(() => {
          class LeftOnPurpose {}
          const held = globalThis as { leftOnPurpose?: unknown[] };
          (held.leftOnPurpose ??= []).push(new LeftOnPurpose());
        });
      },
      fewer,
    );
    const found = [/listeners of the page/, /objects of class LeftOnPurpose: 1/].map((each) =>
      expect.stringMatching(each),
    );
    expect(leftBehind(leaking, own)).toEqual(expect.arrayContaining(found));
  });

  it('leaves nothing in a notebook that stays: its cells run again', async () => {
    pictureOnFailure(window, 'reopenings-again');
    const notebooks: Growth[] = [];
    for (const name of ['words-again.ipynb', 'again.ipynb']) {
      await open(name);
      const round = async (): Promise<void> => {
        for (const cell of [0, 1, 2]) {
          const { success, items } = await runCell(window, cell);
          expect(success, JSON.stringify(items)).toBe(true);
          await revealCell(window, cell);
          await window.page.waitForTimeout(700);
        }
      };
      notebooks.push(await inRounds(name, round, fewer));
      await close();
    }
    const [words, ours] = notebooks;
    // VS Code's window itself listens for keys once more for each run of a cell whose output has several forms (keydown, keyup
    // and blur, from its own script); nothing of ours listens there.
    expect(leftBehind(ours, words, { listeners: false })).toEqual([]);
  });

  async function inRounds(name: string, round: () => Promise<void>, rounds = reopenings): Promise<Growth> {
    const growth = await grown(window, round, { warmUp, rounds });
    console.log(growthText(name, growth));
    return growth;
  }

  /** Makes a notebook, and runs its cells once. */
  async function prepare(name: string, cells: string[]): Promise<void> {
    await openNotebook(window, `reopenings/${name}`, cells);
    for (const cell of cells.keys()) await runCell(window, cell);
    await closeNotebooks(window);
  }

  /** As a click in the explorer does. */
  async function open(name: string): Promise<void> {
    await window.api(
      (vscode, file) => vscode.commands.executeCommand('vscode.open', vscode.Uri.file(file)),
      path.join(folder, name),
    );
    await expect.poll(() => window.api((vscode) => vscode.window.activeNotebookEditor !== undefined)).toBe(true);
  }

  /** Closes everything, and waits until no notebook is left. */
  async function close(): Promise<void> {
    await closeNotebooks(window);
    await expect.poll(() => window.api((vscode) => vscode.workspace.notebookDocuments.length)).toBe(0);
  }

  /** A panel of nobody's, where ours are shown. */
  async function panel(column: 'Beside' | 'Active'): Promise<void> {
    await window.api((vscode, where) => {
      const made = vscode.window.createWebviewPanel('words', where, vscode.ViewColumn[where]);
      made.webview.html = `<!doctype html><title>${where}</title><p>${where}</p>`;
    }, column);
    await window.page.waitForTimeout(700);
  }

  async function inspectorPanel(): Promise<void> {
    await window.palette('Med-SA: Inspect Adapters');
    await chooseAdapters(window.page);
    const frame = await window.outputFrame(() => document.querySelector('main#inspector .med-sa-inspector') !== null);
    await frame.locator('.scale').first().waitFor();
  }

  async function curvesPanel(): Promise<void> {
    await window.api((vscode, shown) => vscode.commands.executeCommand('medSa.showCurves', shown), run);
    await window.outputFrame(
      () =>
        document.querySelector('.cell_container') === null &&
        document.querySelector('.med-sa-training .uplot canvas') !== null,
    );
  }
});
