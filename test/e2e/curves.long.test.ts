import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/protocol';
import { medSa } from '../support/cli';
import { projectRoot } from '../support/projectRoot';
import { answerFileDialog } from './sideBar';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

/** What waits for the run waits for training steps, which a busy machine makes slow: this is no measurement. */
const patient = { timeout: 200_000 };

describe.skipIf(!hasBrowser)('the curves panel', { timeout: 900_000 }, () => {
  const window = workbench();
  let run: string;
  let training: ChildProcess | undefined;

  beforeAll(async () => {
    if (!hasBrowser) return;
    const folder = path.join(window.workspace, 'curves');
    const data = path.join(folder, 'lesions');
    fs.mkdirSync(folder, { recursive: true });
    expect((await medSa(['phantoms', '--out', data, '--count', '8', '--seed', '3'])).code).toBe(0);
    run = path.join(folder, 'runs', 'live');
    const command = ['train', '--data', data, '--out', run, '--epochs', '2000', '--batch', '1'];
    const quick = ['--image-size', '64', '--device', 'cpu'];
    training = spawn(process.execPath, [path.join(projectRoot, 'dist', 'cli.js'), ...command, ...quick], {
      stdio: 'ignore',
    });
  });
  afterAll(() => training?.kill('SIGKILL'));

  // The panel's frame, not that of a notebook's outputs, which may hold curves too.
  const page = () =>
    window.outputFrame(
      () =>
        document.querySelector('.cell_container') === null &&
        document.querySelector('.med-sa-training .uplot canvas') !== null,
    );
  const shownStep = async (frame: Frame): Promise<number> =>
    Number(await frame.getByRole('slider', { name: 'Training loss' }).getAttribute('aria-valuemax'));

  it('opens by command and follows a run that is going on', async () => {
    pictureOnFailure(window, 'curves-live');
    await expect.poll(() => lastStep(run), patient).toBeGreaterThan(2);
    await window.api((vscode, folder) => vscode.commands.executeCommand('medSa.showCurves', folder), run);
    const frame = await page();
    const before = lastStep(run);
    await expect.poll(() => shownStep(frame), patient).toBeGreaterThan(before);
    expect(await frame.locator('.badge[role=status]').textContent()).toBe('Training');
    expect(await frame.getByRole('button', { name: 'Stop live' }).isVisible()).toBe(true);
    // The page's policy lets nothing in but its own script.
    const refused = await frame.evaluate(() => {
      const style = document.createElement('style');
      style.textContent = 'body { --let-in: yes }';
      document.head.append(style);
      return getComputedStyle(document.body).getPropertyValue('--let-in');
    });
    expect(refused).toBe('');
  });

  it('comes back with the window', async () => {
    pictureOnFailure(window, 'curves-reloaded');
    await window.reload();
    const frame = await page();
    const before = lastStep(run);
    await expect.poll(() => shownStep(frame), patient).toBeGreaterThan(before);
  });

  it('says of a run whose process was killed that it is stale, and what to do', async () => {
    pictureOnFailure(window, 'curves-stale');
    const frame = await page();
    training?.kill('SIGKILL');
    await expect.poll(() => frame.locator('.badge[role=status]').textContent(), patient).toBe('Stale');
    expect(await frame.getByRole('alert').first().textContent()).toMatch(/continue it with: med-sa resume .*live/);
    await expect.poll(() => shownStep(frame), patient).toBe(lastStep(run));
  });

  it('goes on with it on request, and stops it again', async () => {
    pictureOnFailure(window, 'curves-resumed');
    const frame = await page();
    const before = lastStep(run);
    await frame.getByRole('button', { name: 'Resume live' }).click();
    await expect.poll(() => frame.locator('.badge[role=status]').textContent(), patient).toBe('Training');
    await expect.poll(() => lastStep(run), patient).toBeGreaterThan(before);
    await frame.getByRole('button', { name: 'Stop live' }).click();
    await expect.poll(() => frame.locator('.badge[role=status]').textContent(), patient).toBe('Stopped');
    expect(await frame.getByRole('button', { name: 'Resume live' }).isEnabled()).toBe(true);
    await expect.poll(() => shownStep(frame), patient).toBe(lastStep(run));
  });

  it('saves its points and its picture where a dialog is answered', async () => {
    pictureOnFailure(window, 'curves-saved');
    const frame = await page();
    const saved = async (kind: 'CSV' | 'PNG', name: string): Promise<Buffer> => {
      const file = path.join(window.workspace, 'curves', name);
      await frame.getByRole('button', { name: kind, exact: true }).click();
      await answerFileDialog(window.page, file);
      await expect.poll(() => fs.existsSync(file)).toBe(true);
      return fs.readFileSync(file);
    };
    const [heads, ...rows] = (await saved('CSV', 'points.csv')).toString('utf8').trimEnd().split('\r\n');
    expect(heads).toMatch(/^run,step,loss,/);
    expect(rows.at(-1)).toMatch(new RegExp(`^live,${lastStep(run)},`));
    const png = await sharp(await saved('PNG', 'figures.png')).metadata();
    expect([png.format, (png.width ?? 0) > 350, (png.height ?? 0) > 500]).toEqual(['png', true, true]);
  });

  it('draws a finished run from its folder, and compares it', async () => {
    pictureOnFailure(window, 'curves-compared');
    const done = path.join(path.dirname(run), 'finished');
    fs.cpSync(run, done, { recursive: true });
    fs.rmSync(path.join(done, 'run.lock'), { force: true });
    const end: RunEvent = { type: 'end', time: Date.now(), status: 'done', message: null };
    fs.appendFileSync(path.join(done, 'events.jsonl'), `${JSON.stringify(end)}\n`);

    const frame = await page();
    await frame.getByRole('button', { name: 'Compare…' }).click();
    await frame.getByLabel('finished').check();
    await expect.poll(() => frame.locator('.badge[role=status]').allTextContents()).toEqual(['Stopped', 'Done']);
    const names = frame.locator('[data-figure="loss"] .legend button[aria-pressed="true"] .name');
    await expect.poll(() => names.allTextContents()).toEqual(['live · loss', 'finished · loss']);
    await window.page.screenshot({ path: path.join(projectRoot, 'out', 'e2e', 'pictures', 'curves.png') });
  });
});

/** The last whole step that the run has written; 0 before the first. */
function lastStep(run: string): number {
  const file = path.join(run, 'events.jsonl');
  if (!fs.existsSync(file)) return 0;
  const lines = fs.readFileSync(file, 'utf8').split('\n').slice(0, -1);
  const steps = lines.map((line) => JSON.parse(line) as RunEvent).filter((event) => event.type === 'step');
  return steps.at(-1)?.step ?? 0;
}
