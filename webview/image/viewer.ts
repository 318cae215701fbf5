import type { ViewerTask } from '../../src/protocol';
import { element } from '../shared/dom';
import { Annotator } from './annotator';
import type { HeldSlice } from './heldSlice';
import type { Announced, ImageEvent, Post } from './messages';
import { pictureHeight } from './screens';
import type { SliceCache } from './sliceCache';
import { StatusLine } from './statusLine';

/** A kernel that starts, or loads a model, says so; one that says nothing for so long is worth a word. */
const patienceMs = 8000;
const opening: ViewerTask = { id: 'attach', text: 'opening the image', done: null, total: null, cancellable: false };

/** One image in one output: shows what the kernel says, asks the kernel what the user wants. */
export class Viewer {
  readonly root: HTMLElement;
  private readonly status: StatusLine;
  private readonly skeleton: HTMLElement;
  private annotator: Annotator | null = null;
  private patience: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly announced: Announced,
    private readonly post: Post,
    private readonly cache: SliceCache<HeldSlice>,
  ) {
    const { viewId, size } = announced;
    this.status = new StatusLine((task) => post({ type: 'viewer/cancel', viewId, task }));
    this.skeleton = element('div', { class: 'skeleton', 'aria-hidden': 'true' });
    if (size) this.skeleton.style.setProperty('--aspect', String(size.width / size.height));
    this.root = element('div', { class: 'med-sa-image', role: 'region', 'aria-label': this.title });
    this.root.style.setProperty('--height', `${Math.round(pictureHeight())}px`);
    this.root.append(this.skeleton, this.status.root);
    this.attach();
  }

  get viewId(): string {
    return this.announced.viewId;
  }

  get path(): string {
    return this.announced.output.image.path;
  }

  receive(event: ImageEvent): void {
    clearTimeout(this.patience);
    try {
      this.take(event);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.status.fail(`What came from the kernel cannot be drawn: ${why}.`, () => this.attach());
    }
  }

  dispose(): void {
    clearTimeout(this.patience);
    this.annotator?.dispose();
    this.annotator = null;
    this.post({ type: 'viewer/detach', viewId: this.viewId });
    this.root.remove();
  }

  private take(event: ImageEvent): void {
    switch (event.type) {
      case 'viewer/attached':
        this.show(event);
        return;
      case 'viewer/tasks':
        this.status.waitFor(event.tasks);
        break;
      case 'viewer/exported':
        this.status.fail(null);
        this.status.note(written(event.files));
        break;
      case 'viewer/error':
        this.status.note(null);
        this.status.fail(event.message, this.annotator ? undefined : () => this.attach());
        if (!this.annotator) this.status.waitFor([]);
        break;
      case 'viewer/change':
        this.status.fail(null);
        this.status.note(null);
    }
    this.annotator?.receive(event);
  }

  private show(event: Extract<ImageEvent, { type: 'viewer/attached' }>): void {
    // A kernel that was started again: the page stays at the slice and with the settings that it had.
    const before = this.annotator && { settings: this.annotator.settings, slice: this.annotator.slice };
    const focused = this.annotator !== null && this.root.contains(document.activeElement);
    this.annotator?.dispose();
    const { viewId, post, cache, status } = this;
    const title = describe(event.image.name, event.image.size);
    const fail = (message: string) => status.fail(message, () => this.attach());
    this.annotator = new Annotator(event, { viewId, title, post, cache, status, fail }, before);
    status.fail(null);
    status.waitFor([]);
    this.skeleton.remove();
    this.root.prepend(this.annotator.root);
    if (focused) this.annotator.focus();
  }

  private attach(): void {
    this.status.fail(null);
    this.status.waitFor([opening]);
    this.post({ type: 'viewer/attach', viewId: this.viewId, version: 2, output: this.announced.output });
    clearTimeout(this.patience);
    this.patience = setTimeout(() => {
      this.status.waitFor([]);
      this.status.fail(
        'The kernel has not answered yet. If no Med-SA kernel is selected for this notebook, select one or run the cell.',
        () => this.attach(),
      );
    }, patienceMs);
  }

  private get title(): string {
    const { name, size, slices } = this.announced;
    return size ? describe(name, [size.width, size.height, slices]) : name;
  }
}

function written(files: readonly string[]): string {
  const [first, ...others] = files;
  return others.length > 0 ? `Saved ${first} and ${others.length} more.` : `Saved ${first}.`;
}

function describe(name: string, [width, height, slices]: readonly [number, number, number]): string {
  return slices > 1 ? `${name}, ${width} × ${height} × ${slices} voxels` : `${name}, ${width} × ${height} pixels`;
}
