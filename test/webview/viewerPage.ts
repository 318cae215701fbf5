// The image viewer in a page with a kernel behind it, used as a person does, and read by eye.
import type { Browser, Locator } from 'playwright-core';
import type { ImageEvent, ImageRequest, Plane } from '../../src/protocol';
import { OutputPage } from './outputPage';
import type { VolumeOptions } from './page/drawnVolume';
import type {} from './page/kernel';
import type { ThemeName } from './themes';

export interface ViewerOptions {
  volume: VolumeOptions;
  /** Slice that the kernel begins with. */
  slice?: number;
  pixelRatio?: number;
  /** Of the window, CSS pixels. */
  width?: number;
  theme?: ThemeName;
}

export class ViewerPage {
  /** Errors that nothing in the page caught. */
  readonly errors: Error[] = [];

  private constructor(
    readonly host: OutputPage,
    private readonly size: [number, number, number],
  ) {}

  /** Opens a page that shows the volume once its first slice is drawn. */
  static async open(browser: Browser, options: ViewerOptions): Promise<ViewerPage> {
    const { volume, slice = 0, pixelRatio = 1, width = 1000, theme = 'dark' } = options;
    const host = await OutputPage.open(browser, 'image', pixelRatio, width);
    const viewer = new ViewerPage(host, volume.size);
    await host.theme(theme);
    host.page.on('pageerror', (error) => viewer.errors.push(error));
    await host.load('kernel.ts');
    await host.page.waitForFunction(() => window.startKernel !== undefined);
    await host.page.evaluate(([each, first]) => window.startKernel(each, first), [volume, slice] as const);
    await viewer.show('view');
    return viewer;
  }

  /** Renders an output of the same image; its pixels are there when this resolves. */
  async show(viewId: string): Promise<void> {
    const image = { path: 'scan.nii.gz', name: 'scan.nii.gz', size: this.size };
    await this.host.render({ version: 2, viewId, sessionId: 'session', image }, viewId);
    await this.settled(viewId);
  }

  get page() {
    return this.host.page;
  }

  /** The canvas that takes the pointer. */
  canvas(plane: Plane = 'axial', view = 'view'): Locator {
    return this.page.locator(`#${view} .screen[data-plane=${plane}] .overlay`);
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' });
  }

  async press(...keys: string[]): Promise<void> {
    for (const each of keys) await this.page.keyboard.press(each);
  }

  /** Where a position of the slice is in the window. */
  async onScreen(x: number, y: number, plane: Plane = 'axial', view = 'view'): Promise<{ x: number; y: number }> {
    await this.host.drawn();
    const at = await this.canvas(plane, view).evaluate(
      (canvas: HTMLCanvasElement, [px, py]) => {
        const box = canvas.getBoundingClientRect();
        const [left, top, scaleX, scaleY] = canvas.dataset.shown!.split(' ').map(Number);
        const zoom = box.width / canvas.clientWidth;
        return { x: box.left + zoom * (left + px * scaleX), y: box.top + zoom * (top + py * scaleY) };
      },
      [x, y],
    );
    return at;
  }

  async click(x: number, y: number, options: { button?: 'left' | 'right'; key?: string; plane?: Plane } = {}) {
    const at = await this.onScreen(x, y, options.plane);
    if (options.key) await this.page.keyboard.down(options.key);
    await this.page.mouse.click(at.x, at.y, { button: options.button ?? 'left' });
    if (options.key) await this.page.keyboard.up(options.key);
  }

  async drag(
    from: [number, number],
    to: [number, number],
    button: 'left' | 'right' | 'middle' = 'left',
    plane?: Plane,
  ) {
    const [start, end] = [await this.onScreen(...from, plane), await this.onScreen(...to, plane)];
    await this.page.mouse.move(start.x, start.y);
    await this.page.mouse.down({ button });
    await this.page.mouse.move(end.x, end.y, { steps: 6 });
    await this.page.mouse.up({ button });
  }

  async hover(x: number, y: number, plane: Plane = 'axial'): Promise<void> {
    const at = await this.onScreen(x, y, plane);
    await this.page.mouse.move(at.x, at.y);
  }

  /** Turns the wheel over a plane, one notch after the other. */
  async wheel(notches: number, plane: Plane = 'axial'): Promise<void> {
    for (let turned = 0; turned < Math.abs(notches); turned++)
      await this.page.mouse.wheel(0, -100 * Math.sign(notches));
    await this.host.drawn();
    await this.canvas(plane).isVisible();
  }

  /** What the viewer asked of the kernel since the last call, by type. */
  async asked<T extends ImageRequest['type']>(...types: T[]): Promise<Extract<ImageRequest, { type: T }>[]> {
    await this.host.drawn();
    const sent = (await this.host.sent()) as ImageRequest[];
    return sent.filter((each): each is Extract<ImageRequest, { type: T }> => types.includes(each.type as T));
  }

  async tell(event: ImageEvent): Promise<void> {
    await this.host.receive(event);
    await this.host.drawn();
  }

  /** Waits until no plane waits for its pixels and no message is under way. */
  async settled(view = 'view'): Promise<void> {
    await this.page.waitForFunction(
      (id) => {
        const screens = [...document.querySelectorAll(`#${id} .pane:not([hidden]) .screen`)];
        const drawn = (screen: Element) => screen.querySelector<HTMLElement>('.overlay')?.dataset.shown !== undefined;
        return screens.length > 0 && screens.every((screen) => drawn(screen) && !screen.classList.contains('waiting'));
      },
      view,
      { timeout: 10_000 },
    );
    await this.host.drawn();
  }

  /** What is seen at the centre of every pixel of the slice: both canvases on black, as 0xRRGGBB. */
  async seen(plane: Plane = 'axial', view = 'view', layers: 'all' | 'picture' = 'all'): Promise<number[]> {
    await this.host.drawn();
    return await this.canvas(plane, view).evaluate((overlay: HTMLCanvasElement, which) => {
      const picture = overlay.parentElement!.querySelector<HTMLCanvasElement>('.picture')!;
      const flat = new OffscreenCanvas(overlay.width, overlay.height).getContext('2d')!;
      flat.fillRect(0, 0, overlay.width, overlay.height);
      flat.drawImage(picture, 0, 0);
      if (which === 'all') flat.drawImage(overlay, 0, 0);
      const { data, width, height } = flat.getImageData(0, 0, overlay.width, overlay.height);
      const [left, top, scaleX, scaleY] = overlay.dataset.shown!.split(' ').map(Number);
      const unit = overlay.width / overlay.clientWidth;
      const [columns, rows] = overlay.dataset.size!.split(' ').map(Number);
      return Array.from({ length: columns * rows }, (_, index) => {
        const x = Math.floor(unit * (left + ((index % columns) + 0.5) * scaleX));
        const y = Math.floor(unit * (top + (Math.floor(index / columns) + 0.5) * scaleY));
        if (x < 0 || y < 0 || x >= width || y >= height) return 0;
        const at = 4 * (y * width + x);
        return (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
      });
    }, layers);
  }

  /** The pixels that look different, by more than `least` of RGB summed. */
  static differs(a: number[], b: number[], least = 24): number[] {
    const channel = (colour: number, shift: number) => (colour >> shift) & 0xff;
    const difference = (p: number, q: number) =>
      [16, 8, 0].reduce((sum, shift) => sum + Math.abs(channel(p, shift) - channel(q, shift)), 0);
    return a.map((value, index) => (difference(value, b[index]) > least ? 1 : 0));
  }

  /** The mask that the kernel holds; every pixel 0 or 1, empty before there is one. */
  async kernelMask(object = 'liver', slice = 0): Promise<number[]> {
    return await this.page.evaluate(([id, index]) => window.kernel.mask(id, index), [object, slice] as const);
  }

  /** The mask as it is seen: what differs when masks are hidden. */
  async seenMask(): Promise<number[]> {
    await this.page.mouse.move(3, 3);
    const shown = await this.seen('axial', 'view', 'picture');
    await this.press('v');
    const hidden = await this.seen('axial', 'view', 'picture');
    await this.press('v');
    // More than what the halo of the edge does to the pixels beside it.
    return ViewerPage.differs(shown, hidden, 48);
  }

  /** What stands in a list of the panel. */
  async names(list: 'objects' | 'prompts'): Promise<string[]> {
    return await this.page.locator(`#view .${list} .name`).allTextContents();
  }

  /** @throws what went wrong in the page unseen. */
  async close(): Promise<void> {
    await this.host.close();
    if (this.errors.length > 0) throw this.errors[0];
  }
}

/** A picture without a patient. */
export const picture: VolumeOptions = {
  size: [192, 160, 1],
  spacing: null,
  balls: [
    { centre: [78, 84, 0], radius: 34, level: 200 },
    { centre: [158, 40, 0], radius: 18, level: 180 },
  ],
};

/** A scan whose slices lie three pixels apart. */
export const scan: VolumeOptions = {
  size: [192, 160, 40],
  spacing: [0.9, 0.9, 2.7],
  balls: [
    { centre: [78, 84, 20], radius: 34, level: 110 },
    { centre: [140, 60, 18], radius: 16, level: 190 },
  ],
};
