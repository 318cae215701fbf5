// What the viewer tells of the image and of what was found in it.
import { describe, expect, it } from 'vitest';
import { browserOfTests, hasBrowser } from '../support/browser';
import { scan, ViewerPage } from './viewerPage';

describe.skipIf(!hasBrowser)('what the viewer tells', () => {
  const browser = browserOfTests();

  it('of how an image was read stands behind a sign, for the eye and for screen readers', async () => {
    const notes = ['each slice is shifted by 0.50 mm against the one below', '2 files are left out'];
    const viewer = await ViewerPage.open(browser(), { volume: { ...scan, notes }, slice: 20 });
    const sign = viewer.button(/^Notes on the image/);
    expect(await sign.getAttribute('aria-label')).toBe(`Notes on the image: ${notes.join('; ')}`);
    expect(await sign.getAttribute('aria-expanded')).toBe('false');
    const list = viewer.page.getByRole('list', { name: 'Notes on the image' });
    expect(await list.isVisible()).toBe(false);
    await sign.press('Enter');
    expect(await list.getByRole('listitem').allTextContents()).toEqual(notes);
    expect(await sign.getAttribute('aria-expanded')).toBe('true');
    await sign.press('Enter');
    expect(await list.isVisible()).toBe(false);
    await viewer.close();

    const plain = await ViewerPage.open(browser(), { volume: scan, slice: 20 });
    expect(await plain.button(/^Notes on the image/).count()).toBe(0);
    await plain.close();
  });

  it('of the image and its objects: geometry, voxels, slices and mL, which follow every edit', async () => {
    const viewer = await ViewerPage.open(browser(), { volume: scan, slice: 20 });
    const { page } = viewer;
    const facts = page.getByRole('region', { name: 'Image' });
    const told = await facts.locator('dt, dd').allTextContents();
    expect(
      Object.fromEntries(Array.from({ length: told.length / 2 }, (_, at) => told.slice(2 * at, 2 * at + 2))),
    ).toEqual({
      ...{ Image: 'scan.nii.gz', Size: '192 × 160 × 40 voxels', Spacing: '0.9 × 0.9 × 2.7 mm' },
      ...{ Extent: '173 × 144 × 108 mm', Slices: 'axial', Modality: 'CT', Values: '-1024 to 1200' },
    });
    expect(await facts.locator('tr').count()).toBe(0);

    await viewer.drag([100, 100], [110, 120]);
    await viewer.settled();
    // A box gives what it encloses: 9 × 19 or 10 × 20 pixels, as the hand has it.
    const told1 = await facts.locator('td').textContent();
    const voxels = Number(/: (\d+) voxels on 1 slice$/.exec(told1 ?? '')?.[1]);
    expect(voxels).toBeGreaterThan(150);
    const size = `${Number(((voxels * 0.9 * 0.9 * 2.7) / 1000).toPrecision(3))} mL`;
    expect(told1).toBe(`${size}: ${voxels} voxels on 1 slice`);
    expect(await page.locator('.objects .row .size').textContent()).toBe(size);
    await viewer.press('Control+z');
    await expect.poll(() => facts.locator('tr').count()).toBe(0);
    expect(await page.locator('.objects .row .size').count()).toBe(0);
    await viewer.close();
  });

  it('of another kernel that annotates the image, as long as it does', async () => {
    const viewer = await ViewerPage.open(browser(), { volume: scan, slice: 20 });
    const state = {
      ...{ revision: 9, active: 'liver', undo: null, redo: null, model: null },
      objects: [{ id: 'liver', label: 'liver', colour: '#4fc3f7', visible: true, value: 1 }],
    };
    const tell = (readOnly: string | null, revision: number) =>
      viewer.tell({ type: 'viewer/change', viewId: 'view', state: { ...state, revision, readOnly }, objects: [] });
    await tell('another kernel (process 7) annotates scan.nii.gz', 9);
    const line = viewer.page.locator('.locked');
    await expect.poll(() => line.textContent()).toBe('Read-only: another kernel (process 7) annotates scan.nii.gz');
    expect(await line.getAttribute('role')).toBe('status');
    await tell(null, 10);
    await expect.poll(() => line.isVisible()).toBe(false);
    await viewer.close();
  });
});
