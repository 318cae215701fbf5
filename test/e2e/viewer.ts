// The image viewer in a cell's output, used as a person does: with the mouse on the picture and keys, and read by eye.
import type { ElementHandle, Frame, Page } from 'playwright-core';
import { revealCell } from './notebook';
import type { Workbench } from './window';

/** The size of the shown plane; positions below are in its pixels, x right, y down. */
interface Size {
  width: number;
  height: number;
}

type Modifier = 'Shift' | 'Alt';
type Root = ElementHandle<HTMLElement>;

interface Where {
  /** Of the active notebook. */
  cell?: number;
  /** Which of the viewers on the screen, from the top of the page; of several editors, in the order of their frames. */
  nth?: number;
}

/** The overlay of the plane that is shown, the first one of several. */
const overlay = '.pane:not([hidden]) .overlay';

export class Viewer {
  private constructor(
    private readonly window: Workbench,
    private readonly root: Root,
    private readonly plane: Size,
    private readonly cell: number,
  ) {}

  private get page(): Page {
    return this.window.page;
  }

  /** Waits until a cell shows the image. */
  static async shown(window: Workbench, plane: Size, { cell = 0, nth = 0 }: Where = {}): Promise<Viewer> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const root = (await viewersOf(window.page)).at(nth);
      if (root) {
        const viewer = new Viewer(window, root, plane, cell);
        await viewer.until((picture) => picture.some((level) => level > 0), 'the image is drawn');
        return viewer;
      }
      if (Date.now() > deadline) throw new Error(`No ${nth + 1} viewers were shown within a minute.`);
      await window.page.waitForTimeout(100);
    }
  }

  /** The same viewer read as another plane of another size. */
  of(plane: Size): Viewer {
    return new Viewer(this.window, this.root, plane, this.cell);
  }

  /** The page of the notebook's outputs. */
  async frame(): Promise<Frame> {
    const frame = await this.root.ownerFrame();
    if (!frame) throw new Error('The viewer is gone from the page.');
    return frame;
  }

  /** Clicks on the picture at (x, y), holding a key if one is named. */
  async click(x: number, y: number, modifier?: Modifier): Promise<void> {
    const position = (await this.onScreen())(x, y);
    if (modifier) await this.page.keyboard.down(modifier);
    await this.page.mouse.click(position.x, position.y);
    if (modifier) await this.page.keyboard.up(modifier);
    await this.leave();
  }

  /** Drags from one corner of a box, or one end of a line, to the other. */
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

  /** Turns the wheel over the picture, notch by notch; up is positive. */
  async wheel(notches: number): Promise<void> {
    const onScreen = await this.onScreen();
    // Two moves: the wheel turns slices once the pointer was moved over the picture.
    for (const part of [0.4, 0.5]) {
      const at = onScreen(this.plane.width * part, this.plane.height * part);
      await this.page.mouse.move(at.x, at.y);
    }
    for (let turned = 0; turned < Math.abs(notches); turned++)
      await this.page.mouse.wheel(0, -100 * Math.sign(notches));
    await this.leave();
  }

  /** Takes the pointer off the picture: under it, the viewer shows what a click there would give. */
  async leave(): Promise<void> {
    await this.page.mouse.move(2, 2);
  }

  async press(...keys: string[]): Promise<void> {
    for (const each of keys) await this.page.keyboard.press(each);
  }

  /** Gives the viewer the keyboard without a click, which would be a prompt. */
  async focus(): Promise<void> {
    await this.onScreen();
    const canvas = await this.root.$(overlay);
    await canvas?.focus();
  }

  /** Presses a button of the viewer by its label. */
  async button(label: string): Promise<void> {
    const named = `button[aria-label="${label}"], button:text-is("${label}")`;
    const button = await this.root.waitForSelector(named);
    await button.click();
    await this.leave();
  }

  /** Saves the masks by the panel; `name` is relative to the notebook's folder. Resolves when they are written. */
  async save(format: string, name: string): Promise<void> {
    const list = await this.root.waitForSelector('select[aria-label="Format"]');
    await list.selectOption(format);
    const field = await this.root.waitForSelector('input[aria-label="File or folder"]');
    await field.fill(name);
    await field.press('Enter');
    await this.says(new RegExp(`Saved .*${name.replaceAll('.', '\\.')}`));
  }

  /** What has the keyboard within the viewer: its label, and what a screen reader calls it. */
  async focused(): Promise<string> {
    return await this.root.evaluate((root) => {
      const focused = root.ownerDocument.activeElement;
      if (!focused || !root.contains(focused)) return '';
      return ['aria-label', 'aria-roledescription'].map((name) => focused.getAttribute(name) ?? '').join(' ');
    });
  }

  /** Everything the viewer says in words: status line, model, errors. */
  async text(): Promise<string> {
    return await this.root.evaluate((root) => root.innerText);
  }

  /** Waits until the pixels of every plane that is shown are there. */
  async settled(): Promise<void> {
    while ((await this.count('.screen.waiting')) > 0) await this.page.waitForTimeout(20);
  }

  /** E.g. `12 / 24`, of the first plane that is shown. */
  async slice(): Promise<string> {
    return await this.root.evaluate(
      (root) => root.querySelector('.pane:not([hidden]) .slice-number')?.textContent ?? '',
    );
  }

  /** What is held of the state of a button or field. */
  async attribute(selector: string, name: string): Promise<string | null> {
    return await this.root.evaluate(
      (root, [at, attribute]) => root.querySelector(at)?.getAttribute(attribute) ?? null,
      [selector, name] as const,
    );
  }

  /** How many elements of a kind the viewer has on the screen. */
  async count(selector: string): Promise<number> {
    return await this.root.evaluate(
      (root, at) => [...root.querySelectorAll<HTMLElement>(at)].filter((each) => each.offsetParent !== null).length,
      selector,
    );
  }

  /**
   * The picture as it is seen, both layers on top of each other, sampled at the plane's pixels: 3 levels (RGB) a pixel.
   */
  async picture(): Promise<number[]> {
    return await this.root.evaluate((root, { width, height }) => {
      const flat = new OffscreenCanvas(width, height).getContext('2d');
      if (!flat) throw new Error('This browser has no 2D canvas.');
      flat.imageSmoothingEnabled = false;
      const screen = root.querySelector('.pane:not([hidden]) .screen');
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
    }, this.plane);
  }

  /** Waits until what is seen holds, and returns it. Throws after `milliseconds` with what the viewer says. */
  async until(holds: (picture: number[]) => boolean, what: string, milliseconds = 60_000): Promise<number[]> {
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
  async says(pattern: RegExp, milliseconds = 60_000): Promise<void> {
    const deadline = Date.now() + milliseconds;
    while (!pattern.test(await this.text())) {
      if (Date.now() > deadline) throw new Error(`The viewer never said ${pattern}, but: ${await this.text()}`);
      await this.page.waitForTimeout(100);
    }
  }

  /** Where the plane's pixels are in the window, once its cell is scrolled to and stands still. */
  async onScreen(): Promise<(x: number, y: number) => { x: number; y: number }> {
    await revealCell(this.window, this.cell);
    const canvas = await this.root.waitForSelector(overlay);
    let box = await canvas.boundingBox();
    for (let still = 0; still < 3;) {
      await this.page.waitForTimeout(50);
      const now = await canvas.boundingBox();
      still = box && now && now.x === box.x && now.y === box.y && now.height === box.height ? still + 1 : 0;
      box = now;
    }
    const { x: left, y: top } = box ?? { x: 0, y: 0 };
    // Where the picture lies on its canvas: offset and pixels of the screen per pixel of the plane.
    const shown = (await canvas.getAttribute('data-shown')) ?? '0 0 1 1';
    const [offsetX, offsetY, scaleX, scaleY] = shown.split(' ').map(Number);
    return (x, y) => ({ x: left + offsetX + x * scaleX, y: top + offsetY + y * scaleY });
  }
}

/** Viewers that have drawn something, of all editors. */
async function viewersOf(page: Page): Promise<Root[]> {
  const found: { root: Root; top: number }[] = [];
  for (const frame of page.frames()) {
    // Frames come and go while VS Code lays out its outputs.
    const roots = await frame.$$('.med-sa-image').catch(() => []);
    const here: typeof found = [];
    for (const root of roots as Root[]) {
      const top = await root
        .evaluate((each) => {
          const canvas = each.querySelector<HTMLElement>('.pane:not([hidden]) .overlay');
          const drawn = canvas?.dataset.shown !== undefined && canvas.getBoundingClientRect().width > 0;
          return drawn ? each.getBoundingClientRect().top : null;
        })
        .catch(() => null);
      if (top !== null) here.push({ root, top });
    }
    found.push(...here.sort((a, b) => a.top - b.top));
  }
  return found.map(({ root }) => root);
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
