import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { medSa } from '../support/cli';
import { drawDiscs, writeImage } from '../support/drawnImage';
import { writeTinyModel } from '../support/tinyModel';
import { closeNotebooks, openNotebook, runCell } from './notebook';
import {
  answer,
  answerDialog,
  answerFileDialog,
  asked,
  goBack,
  notification,
  openSideBar,
  pickOnRow,
  pressInHead,
  pressInNotification,
  pressOnRow,
  row,
  view,
} from './sideBar';
import { Viewer } from './viewer';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

const image = drawDiscs(128, 128, [{ x: 60, y: 66, radius: 30, level: 200 }]);
const patient = { timeout: 120_000 };

describe.skipIf(!hasBrowser)('the side bar, and what can be done in it', () => {
  const window = workbench();
  const at = (...parts: string[]): string => path.join(window.workspace, ...parts);
  const runs = (): string[] => (fs.existsSync(at('runs')) ? fs.readdirSync(at('runs')) : []);
  const ended = (name: string): string | undefined =>
    /"type":"end".*?"status":"(\w+)"/.exec(fs.readFileSync(at('runs', name, 'events.jsonl'), 'utf8'))?.[1];
  /** Leaves a picture for a person to look at. */
  const look = async (name: string): Promise<void> => {
    await window.page.screenshot({ path: path.join(inject('window')?.pictures ?? '.', `views-${name}.png`) });
  };
  let finished: string;

  beforeAll(async () => {
    if (!hasBrowser) return;
    await closeNotebooks(window);
    fs.rmSync(at('runs'), { recursive: true, force: true });
    const drawn = await medSa(['phantoms', '--out', at('shapes'), '--count', '12', '--seed', '7']);
    expect(drawn.code, drawn.stderr).toBe(0);
    fs.mkdirSync(at('empty'), { recursive: true });
    await writeTinyModel(at('tiny.safetensors'));
    await openSideBar(window);
  });

  it('tells what to do where there is nothing, and finds data and models by itself', async () => {
    pictureOnFailure(window, 'views-empty');
    const { page } = window;
    await view(page, 'Runs').getByText('No run yet').waitFor(patient);
    expect(await view(page, 'Runs').getByText('Fine-tune…').count()).toBeGreaterThan(0);
    await row(page, 'Models', /phantom-sam.*active/).waitFor(patient);
    await row(page, 'Data', /shapes.*12 pictures of 3 patients/).waitFor(patient);
    await look('empty');
  });

  it('fine-tunes on a folder in steps that can be gone back, with a measured forecast', async () => {
    pictureOnFailure(window, 'views-fine-tune');
    const { page } = window;
    await pressOnRow(page, 'Data', /shapes/, 'Fine-tune');
    await asked(page, 'Which model is taught?');
    await look('step-model');
    await answer(page, 'Which model is taught?', 'phantom-sam');
    await asked(page, 'What is trained?');
    await look('step-tune');
    await goBack(page);
    await answer(page, 'Which model is taught?', 'phantom-sam');
    await answer(page, 'What is trained?', 'Mask decoder');
    await asked(page, 'Which prompts will you give?');
    await look('step-prompts');
    await answer(page, 'Which prompts will you give?', 'One click');
    await asked(page, /Epochs: how often/);
    await page.locator('.quick-input-widget input').first().fill('2');
    await page.keyboard.press('Enter');
    const widget = await asked(page, 'Start the fine-tune?');
    await look('step-start');
    expect(await widget.innerText()).toMatch(/of .* memory · .* per epoch · .* in all · on cpu/);
    await page.keyboard.press('Enter');

    await row(page, 'Runs', /^shapes/).waitFor(patient);
    await expect.poll(() => runs().map(ended), patient).toEqual(['done']);
    [finished] = runs();
    await row(page, 'Runs', /Dice 0\.\d+/).waitFor(patient);
    await look('run-done');
    await pressInNotification(page, /is done/, 'Use Adapters');
    await pressInNotification(page, /Adapters belong to a notebook/, 'New Notebook');
    await page.locator('.statusbar', { hasText: finished }).waitFor(patient);
    await look('status-bar');
    await window.api((vscode) => vscode.commands.executeCommand('medSa.useAdapters', null));
    await page.locator('.statusbar', { hasText: finished }).waitFor({ state: 'detached', ...patient });
    await pressOnRow(page, 'Runs', finished, 'Use Adapters');
    await page.locator('.statusbar', { hasText: finished }).waitFor(patient);
    // Untitled and changed: closing it later would ask where to save it.
    await window.api((vscode) => vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor'));
  });

  it('shows the curves of a run', async () => {
    pictureOnFailure(window, 'views-curves');
    const { page } = window;
    await pressOnRow(page, 'Runs', finished, 'Show Curves');
    await window.outputFrame(() => document.querySelector('canvas') !== null);
    await page.locator('.tab', { hasText: /Curves/ }).waitFor();
    await page.waitForTimeout(800);
    await look('curves');
    await window.api((vscode) => vscode.commands.executeCommand('workbench.action.closeActiveEditor'));
    await page.locator('.tab', { hasText: /Curves/ }).waitFor({ state: 'detached' });

    await window.palette('Med-SA: Show Curves…');
    const widget = await asked(page, 'Runs to compare, or one');
    await widget.locator('.monaco-list-row', { hasText: finished }).click();
    await page.keyboard.press('Enter');
    await page.locator('.tab', { hasText: /Curves/ }).waitFor();
  });

  it('evaluates a run on what it held out', async () => {
    pictureOnFailure(window, 'views-evaluate');
    const { page } = window;
    await pickOnRow(page, 'Runs', finished, 'Evaluate');
    await window.outputFrame(
      () => /bbox-0\.75/.test(document.body.innerText) && /held out/.test(document.body.innerText),
      180_000,
    );
    await look('evaluation');
  });

  it('reveals the files of a run', async () => {
    pictureOnFailure(window, 'views-reveal');
    const { page } = window;
    await pickOnRow(page, 'Runs', finished, 'Reveal Files');
    await page.locator('.explorer-viewlet .monaco-list-row', { hasText: finished }).waitFor();
    await openSideBar(window);
  });

  it('stops a run, does not delete one that is at work, and resumes it', async () => {
    pictureOnFailure(window, 'views-stop');
    const { page } = window;
    // As a program asks: with arguments, nothing is asked.
    const going = await window.api(
      (vscode, data) =>
        vscode.commands.executeCommand<string>('medSa.fineTune', { data, epochs: 400, tune: 'decoder', batch: 2 }),
      at('shapes'),
    );
    const name = path.basename(going);
    await row(page, 'Runs', name).waitFor(patient);
    await pickOnRow(page, 'Runs', name, 'Delete');
    await notification(page, /is running: stop it first/).waitFor(patient);
    expect(fs.existsSync(going)).toBe(true);
    await look('running');

    await pressOnRow(page, 'Runs', name, 'Stop');
    await expect.poll(() => ended(name), patient).toBe('stopped');
    await row(page, 'Runs', name).locator('.codicon-debug-pause').waitFor(patient);
    await pressOnRow(page, 'Runs', name, 'Resume');
    await row(page, 'Runs', name).locator('.codicon-loading').waitFor(patient);
    await pressOnRow(page, 'Runs', name, 'Stop');
    await row(page, 'Runs', name).locator('.codicon-debug-pause').waitFor(patient);

    await pickOnRow(page, 'Runs', name, 'Delete');
    await page.locator('.monaco-dialog-box').waitFor(patient);
    await look('delete');
    await answerDialog(page, 'Cancel');
    expect(fs.existsSync(going)).toBe(true);
    // Links in a run's folder go with it; what they lead to stays.
    fs.mkdirSync(at('others'));
    fs.writeFileSync(at('others', 'diary.txt'), 'dear diary');
    fs.symlinkSync(at('others'), path.join(going, 'others'));
    fs.symlinkSync(at('others', 'diary.txt'), path.join(going, 'diary.txt'));
    await pickOnRow(page, 'Runs', name, 'Delete');
    await answerDialog(page, 'Delete');
    await expect.poll(() => fs.existsSync(going)).toBe(false);
    expect(fs.readFileSync(at('others', 'diary.txt'), 'utf8')).toBe('dear diary');
    await expect.poll(() => row(page, 'Runs', name).count(), patient).toBe(0);
  });

  it('adds, uses and removes a model', async () => {
    pictureOnFailure(window, 'views-models');
    const { page } = window;
    await pressInHead(page, 'Models', 'Add');
    await answerFileDialog(page, at('tiny.safetensors'));
    await answer(page, /^Add tiny/, 'Link');
    await row(page, 'Models', /^tiny/).waitFor(patient);
    await pressOnRow(page, 'Models', /^tiny/, 'Use');
    await row(page, 'Models', /tiny.*active/).waitFor(patient);
    await look('models');
    await pickOnRow(page, 'Models', /^tiny/, 'Remove');
    await answerDialog(page, 'Remove');
    await expect.poll(() => row(page, 'Models', /^tiny/).count(), patient).toBe(0);
    await row(page, 'Models', /phantom-sam.*active/).waitFor(patient);
    expect(fs.existsSync(at('tiny.safetensors')), 'the file that the link led to').toBe(true);

    await pressOnRow(page, 'Models', /sam_vit_b/, 'Get');
    await page.locator('.monaco-dialog-box', { hasText: /375 MB/ }).waitFor(patient);
    await look('get-model');
    await answerDialog(page, 'Cancel');
  });

  it('goes from what is labelled in a notebook to a fine-tune on it', async () => {
    pictureOnFailure(window, 'views-labelled');
    const { page } = window;
    await openNotebook(window, 'label/label.ipynb', ['await open("scan.png")']);
    await writeImage(image, at('label', 'scan.png'));
    expect((await runCell(window, 0)).success).toBe(true);
    const viewer = await Viewer.shown(window, image);
    await viewer.click(60, 66);
    await viewer.says(/IoU/);
    await window.palette('Med-SA: Fine-tune on What Is Labelled');
    await asked(page, 'Which model is taught?');
    expect(await page.locator('.quick-input-widget').innerText()).toMatch(/label-labelled: pairs, 1 picture/);
    expect(fs.readFileSync(at('label', 'label-labelled', 'pairs.csv'), 'utf8')).toMatch(/scan\.png/);
    await page.keyboard.press('Escape');
  });

  it('offers in the status bar what can be done', async () => {
    pictureOnFailure(window, 'views-status');
    const { page } = window;
    await page.locator('.statusbar-item', { hasText: /phantom-sam/ }).click();
    const widget = await asked(page, /Restart Kernel/);
    expect(await widget.innerText()).toMatch(/running, process \d+, \d+ MB/);
    await look('actions');
    await answer(page, /Restart Kernel/, 'Device');
    await asked(page, /A named device is never replaced|Device that answers/);
    await look('device');
    await page.keyboard.press('Escape');
  });

  it('sees that runs and data are gone where a folder above them went', async () => {
    pictureOnFailure(window, 'views-gone');
    const { page } = window;
    await openSideBar(window);
    await row(page, 'Runs', finished).waitFor(patient);
    await row(page, 'Data', /shapes/).waitFor(patient);
    for (const name of ['runs', 'shapes']) fs.rmSync(at(name), { recursive: true });
    await view(page, 'Runs').getByText('No run yet').waitFor(patient);
    await expect.poll(() => row(page, 'Data', /shapes/).count(), patient).toBe(0);
  });

  it('has a walkthrough', async () => {
    pictureOnFailure(window, 'views-walkthrough');
    const { page } = window;
    await window.api((vscode) =>
      vscode.commands.executeCommand('workbench.action.openWalkthrough', 'med-sa.med-sa-notebook#medSa.start'),
    );
    await page.getByText('Get Started with Med-SA').first().waitFor(patient);
    await expect.poll(() => page.locator('.getting-started-step').count(), patient).toBe(5);
    await look('walkthrough');
  });
});
