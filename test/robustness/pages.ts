// Pages without a browser: each holds one image output of one notebook, and knows from the kernel's events alone what it
// would show. A click is answered when an event brings it with a mask.
import { createHash, randomUUID } from 'node:crypto';
import { imageMime, type ImageOutput, type ImageRequest, type Prompt, type ViewerEvent } from '../../src/protocol';
import type { KernelUnderTest } from '../integration/kernel/client';
import { ViewMirror } from '../support/viewMirror';

type Wish = ImageRequest extends infer R ? (R extends { viewId: string } ? Omit<R, 'viewId'> : never) : never;

interface Click {
  readonly sent: number;
  readonly answered: (milliseconds: number) => void;
}

/** One image on the screen. */
export class Page {
  readonly viewId: string;
  /** Clicks that no event has brought with a mask yet, by the ids of their prompts. */
  readonly waiting = new Map<string, Click>();
  readonly errors: string[] = [];
  readonly previews: number[] = [];
  private readonly mirror: ViewMirror;
  private hovers = 0;

  constructor(
    private readonly kernel: KernelUnderTest,
    readonly notebook: string,
    readonly output: ImageOutput,
  ) {
    this.viewId = output.viewId ?? randomUUID();
    this.mirror = new ViewMirror(this.viewId);
  }

  get size(): readonly [number, number, number] {
    return this.mirror.image!.size;
  }

  get planes() {
    return this.mirror.image!.planes;
  }

  get state() {
    return this.mirror.state!;
  }

  ask(wish: Wish): Promise<null> {
    const { kernel, notebook, viewId } = this;
    const request = { ...wish, viewId } as ImageRequest;
    return kernel.request('viewer/request', { notebook, folder: kernel.folder, request });
  }

  attach(): Promise<null> {
    return this.ask({ type: 'viewer/attach', version: 2, output: this.output });
  }

  /** @returns milliseconds until the mask was there; rejects where the kernel has answered and it was not. */
  async click(object: string, prompt: Prompt, slice = 0): Promise<number> {
    const id = randomUUID();
    const answered = new Promise<number>((resolve) =>
      this.waiting.set(id, { sent: performance.now(), answered: resolve }),
    );
    await this.ask({ type: 'viewer/prompt/add', object, slice, id, prompt });
    // The answer's event comes on the same channel before the request's end.
    if (this.waiting.has(id)) throw new Error(`${this.output.image.path}: a click was not answered`);
    return answered;
  }

  hover(object: string, prompt: Prompt, slice = 0): Promise<null> {
    return this.ask({ type: 'viewer/hover', previewId: ++this.hovers, object, slice, prompt });
  }

  get newestHover(): number {
    return this.hovers;
  }

  receive(event: ViewerEvent): void {
    if (event.viewId !== this.viewId) return;
    this.mirror.receive(event);
    // Pixels of every image would be the test's own leak.
    this.mirror.events.length = 0;
    if (event.type === 'viewer/error') this.errors.push(`${this.output.image.path}: ${event.message}`);
    if (event.type === 'viewer/preview') this.previews.push(event.previewId);
    if (event.type !== 'viewer/change') return;
    for (const { prompts, iou } of event.objects) {
      if (iou === null) continue;
      for (const { id } of prompts) this.answer(id);
    }
  }

  private answer(id: string): void {
    const click = this.waiting.get(id);
    if (click === undefined) return;
    this.waiting.delete(id);
    click.answered(performance.now() - click.sent);
  }

  /** What is on the screen: masks and prompts by object and slice. */
  shown(): Record<string, unknown> {
    const entries = [...this.mirror.shown].filter(([, { prompts, mask }]) => prompts.length > 0 || mask.includes(1));
    return Object.fromEntries(
      entries
        .sort()
        .map(([key, { prompts, mask, iou, source }]) => [key, { prompts, mask: packed(mask), iou, source }]),
    );
  }
}

/** Short, so that a difference can be read. */
const packed = (mask: Uint8Array): string => createHash('sha256').update(mask).digest('base64url').slice(0, 12);

/** The notebooks of one kernel, with the pages of their outputs. */
export class Notebooks {
  readonly pages = new Map<string, Page>();
  private readonly listeners = new Set<(event: ViewerEvent) => void>();

  constructor(readonly kernel: KernelUnderTest) {
    kernel.onEvent((event) => {
      // What the client keeps for other tests would grow for as long as this one runs.
      kernel.events.length = 0;
      this.pages.get(event.viewId)?.receive(event);
      for (const listener of this.listeners) listener(event);
    });
  }

  /** @returns what ends the listening. */
  listen(listener: (event: ViewerEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Runs a cell. @returns the image outputs that it displayed, and what it printed and the text of its value */
  async execute(notebook: string, code: string): Promise<{ ok: boolean; images: ImageOutput[]; text: string[] }> {
    const { kernel } = this;
    const executionId = randomUUID();
    const { ok } = await kernel.request('cell/execute', { notebook, folder: kernel.folder, executionId, code });
    const mine = kernel.outputs.filter((output) => output.executionId === executionId);
    const others = kernel.outputs.filter((output) => output.executionId !== executionId);
    kernel.outputs.splice(0, kernel.outputs.length, ...others.slice(-1000));
    const items = mine.flatMap(({ output }) => (output.kind === 'display' ? output.items : []));
    const images = items.filter(({ mime }) => mime === imageMime).map(({ data }) => JSON.parse(data) as ImageOutput);
    const text = mine.flatMap(({ output }) => {
      if (output.kind === 'stream') return [output.text];
      if (output.kind === 'error') return [`${output.name}: ${output.message}`];
      return output.kind === 'display'
        ? output.items.flatMap(({ mime, data }) => (mime === 'text/plain' ? [data] : []))
        : [];
    });
    return { ok, images, text };
  }

  /** Opens images in one cell of a notebook and attaches a page to each. */
  async open(notebook: string, files: readonly string[]): Promise<Page[]> {
    const { ok, images, text } = await this.execute(
      notebook,
      `for (const file of ${JSON.stringify(files)}) display(await open(file));`,
    );
    if (!ok || images.length !== files.length) throw new Error(`${notebook}: ${text.join('\n')}`);
    const pages = images.map((output) => new Page(this.kernel, notebook, output));
    for (const page of pages) {
      this.pages.set(page.viewId, page);
      await page.attach();
    }
    return pages;
  }

  /** A second page of the same output, which knows nothing of what the first was told, and looks at every slice. */
  async attachedAnew(page: Page): Promise<Page> {
    const again = new Page(this.kernel, page.notebook, { ...page.output, viewId: randomUUID() });
    this.pages.set(again.viewId, again);
    await again.attach();
    const [{ plane, slices }] = again.planes;
    const indices = Array.from({ length: slices }, (_, index) => index);
    await again.ask({ type: 'viewer/slices', plane, indices, pixels: false });
    return again;
  }

  async close(notebook: string): Promise<void> {
    for (const [viewId, page] of this.pages) if (page.notebook === notebook) this.pages.delete(viewId);
    await this.kernel.request('notebook/close', { notebook });
  }

  failures(): string[] {
    return [...this.pages.values()].flatMap(({ errors }) => errors);
  }
}
