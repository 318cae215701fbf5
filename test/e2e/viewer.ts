// The image viewer in a cell's output, used as a person does: with the mouse on the picture and keys, and read by eye.
import type { Frame, Page } from 'playwright-core';
import type { Workbench } from './workbench';

/** The size of the opened image; positions below are in its pixels, x right, y down. */
interface Size {
  width: number;
  height: number;
}

type Modifier = 'Shift' | 'Alt';

export class Viewer {
  private constructor(
    private readonly window: Workbench,
    private readonly frame: Frame,
    private readonly image: Size,
    private readonly cell: number,
  ) {}

  private get page(): Page {
    return this.window.page;
  }

  /** Waits until a cell of the active notebook, the only one with an image, shows it. */
  static async shown(window: Workbench, image: Size, cell = 0): Promise<Viewer> {
    const frame = await window.outputFrame(() => {
      const canvas = document.querySelector<HTMLElement>('.med-sa-image .overlay');
      return canvas?.dataset.shown !== undefined && canvas.getBoundingClientRect().width > 0;
    });
    const viewer = new Viewer(window, frame, image, cell);
    await viewer.until((picture) => picture.some((level) => level > 0), 'the image is drawn');
    return viewer;
  }

  /** Clicks on the picture at (x, y), holding a key if one is named. */
  async click(x: number, y: number, modifier?: Modifier): Promise<void> {
    const position = (await this.onScreen())(x, y);
    if (modifier) await this.page.keyboard.down(modifier);
    await this.page.mouse.click(position.x, position.y);
    if (modifier) await this.page.keyboard.up(modifier);
    await this.leave();
  }

  /** Drags from one corner of a box to the other. */
  async drag(x0: number, y0: number, x1: number, y1: number): Promise<void> {
    const onScreen = await this.onScreen();
    const [from, to] = [onScreen(x0, y0), onScreen(x1, y1)];
    await this.page.mouse.move(from.x, from.y);
    await this.page.mouse.down();
    await this.page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
    await this.page.mouse.move(to.x, to.y, { steps: 4 });
    await this.page.mouse.up();
    await this.leave();
  }

  /** Takes the pointer off the picture: under it, the viewer shows what a click there would give. */
  private async leave(): Promise<void> {
    await this.page.mouse.move(2, 2);
  }

  async press(keys: string): Promise<void> {
    await this.page.keyboard.press(keys);
  }

  /** Everything the viewer says in words: status line, model, errors. */
  async text(): Promise<string> {
    return await this.frame.evaluate(() => document.querySelector<HTMLElement>('.med-sa-image')?.innerText ?? '');
  }

  /**
   * The picture as it is seen, both layers on top of each other, sampled at the image's pixels: 3 levels (RGB) a pixel.
   */
  async picture(): Promise<number[]> {
    return await this.frame.evaluate(({ width, height }) => {
      const flat = new OffscreenCanvas(width, height).getContext('2d');
      if (!flat) throw new Error('This browser has no 2D canvas.');
      flat.imageSmoothingEnabled = false;
      const screen = document.querySelector('.med-sa-image .pane:not([hidden]) .screen');
      for (const layer of screen?.querySelectorAll('canvas') ?? []) {
        // A canvas that has not been laid out yet has no size, and nothing on it.
        if (layer.width * layer.height === 0) continue;
        const unit = layer.width / layer.clientWidth;
        const shown = screen?.querySelector<HTMLElement>('.overlay')?.dataset.shown ?? '0 0 1 1';
        const [left, top, scaleX, scaleY] = shown.split(' ').map((value) => Number(value) * unit);
        flat.drawImage(layer, left, top, width * scaleX, height * scaleY, 0, 0, width, height);
      }
      const { data } = flat.getImageData(0, 0, width, height);
      return Array.from(data).filter((_, index) => index % 4 !== 3);
    }, this.image);
  }

  /** Waits until what is seen holds, and returns it. Throws after `milliseconds` with what the viewer says. */
  async until(holds: (picture: number[]) => boolean, what: string, milliseconds = 120_000): Promise<number[]> {
    const deadline = Date.now() + milliseconds;
    for (;;) {
      const picture = await this.picture();
      if (holds(picture)) return picture;
      if (Date.now() > deadline) {
        throw new Error(`Not within ${milliseconds / 1000} s: ${what}. The viewer says: ${await this.text()}`);
      }
      await this.page.waitForTimeout(100);
    }
  }

  /** Waits until the viewer says something that matches. */
  async says(pattern: RegExp, milliseconds = 120_000): Promise<void> {
    const deadline = Date.now() + milliseconds;
    while (!pattern.test(await this.text())) {
      if (Date.now() > deadline) throw new Error(`The viewer never said ${pattern}, but: ${await this.text()}`);
      await this.page.waitForTimeout(100);
    }
  }

  /** Where the image's pixels are in the window, once its cell is scrolled to and stands still. */
  private async onScreen(): Promise<(x: number, y: number) => { x: number; y: number }> {
    await this.window.api((vscode, cell) => {
      const range = new vscode.NotebookRange(cell, cell + 1);
      vscode.window.activeNotebookEditor?.revealRange(range, vscode.NotebookEditorRevealType.AtTop);
    }, this.cell);
    const canvas = this.frame.locator('.med-sa-image .pane:not([hidden]) .overlay').first();
    let box = await canvas.boundingBox();
    for (let still = 0; still < 3;) {
      await this.page.waitForTimeout(50);
      const now = await canvas.boundingBox();
      still = box && now && now.x === box.x && now.y === box.y && now.height === box.height ? still + 1 : 0;
      box = now;
    }
    const { x: left, y: top } = box ?? { x: 0, y: 0 };
    // Where the picture lies on its canvas: offset and pixels of the screen per pixel of the image.
    const shown = (await canvas.getAttribute('data-shown')) ?? '0 0 1 1';
    const [offsetX, offsetY, scaleX, scaleY] = shown.split(' ').map(Number);
    return (x, y) => ({ x: left + offsetX + x * scaleX, y: top + offsetY + y * scaleY });
  }
}

/** 1 where two pictures differ visibly: what has been drawn over the image. */
export function changed(before: number[], after: number[]): Uint8Array {
  const mask = new Uint8Array(before.length / 3);
  for (let i = 0; i < mask.length; i++) {
    const difference = [0, 1, 2].reduce((sum, c) => sum + Math.abs(after[3 * i + c] - before[3 * i + c]), 0);
    mask[i] = difference > 24 ? 1 : 0;
  }
  return mask;
}

/** How many pixels differ visibly. */
export function changes(before: number[], after: number[]): number {
  return changed(before, after).reduce((sum, value) => sum + value, 0);
}
