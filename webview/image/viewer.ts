import type {
  ImageOutputV1 as ImageOutput,
  PromptV1 as Prompt,
  ViewerStateV1 as ViewerState,
} from '../../src/protocol';
import { bytesOf } from '../shared/base64';
import { element } from '../shared/dom';
import { type Box, boxBetween, type Position, stepFrom } from './geometry';
import { type KeyCommand, pictureCommand, staysInside, viewerCommand } from './keyboard';
import type { ImageEvent, Post } from './messages';
import { PointerTool } from './pointer';
import { Stage } from './stage';
import { StatusLine } from './statusLine';
import { type Mode, Toolbar } from './toolbar';

/** A kernel that starts, or loads a model, says so; one that says nothing for so long is worth a word. */
const patienceMs = 8000;

/** One image in one output: shows what the kernel says, asks the kernel what the user wants. */
export class Viewer {
  readonly root = element('div', { class: 'med-sa-image' });
  private readonly stage: Stage;
  private readonly status = new StatusLine();
  private readonly toolbar: Toolbar;
  private readonly pointer: PointerTool;
  private slice: number;
  private state: ViewerState | null = null;
  /** Sent, not answered: shown at once, so that a click is felt before the model is done. */
  private pending: Prompt[] = [];
  private mode: Mode = 'include';
  private cursor: Position | null = null;
  /** First corner of a box that is set with the keyboard. */
  private corner: Position | null = null;
  private patience: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private output: ImageOutput,
    private readonly post: Post,
  ) {
    this.slice = output.slice;
    this.stage = new Stage(output.image, this.root);
    this.toolbar = new Toolbar(describe(output), {
      mode: (mode) => this.setMode(mode),
      act: (action) => this.perform({ kind: action }),
    });
    const { canvas } = this.stage;
    this.pointer = new PointerTool(canvas, {
      size: () => this.output.image,
      hover: (position) => this.hover(position),
      draft: (draft) => this.stage.draw({ draft }),
      point: (position, exclude) => this.point(position, exclude),
      box: (box) => this.send(box),
    });
    canvas.setAttribute('aria-label', `${describe(output)}. ${keyboardHelp}`);
    canvas.addEventListener('blur', () => this.moveCursor(null));
    this.root.append(this.toolbar.root, this.stage.root, this.status.root);
    this.root.addEventListener('keydown', (event) => this.key(event));
    this.attach();
  }

  get viewId(): string {
    return this.output.viewId;
  }

  receive(event: ImageEvent): void {
    clearTimeout(this.patience);
    switch (event.type) {
      case 'viewer/image':
        // The answer to an attach, perhaps of a kernel that counts its revisions anew.
        this.state = null;
        this.output = { ...this.output, image: event.image, slice: event.slice };
        this.slice = event.slice;
        this.stage.setImage(event.image);
        void this.showPicture(event.png);
        break;
      case 'viewer/state':
        this.showState(event.state);
        break;
      case 'viewer/busy':
        this.status.waitFor(event.busy);
        break;
      case 'viewer/error':
        this.pending = [];
        this.stage.draw({ pending: [] });
        this.status.waitFor(null);
        this.status.fail(event.message, this.state ? undefined : () => this.attach());
    }
  }

  dispose(): void {
    clearTimeout(this.patience);
    this.stage.dispose();
    this.root.remove();
  }

  private attach(): void {
    this.status.fail(null);
    this.status.waitFor('opening the image');
    this.post({ type: 'viewer/attach', viewId: this.viewId, output: this.output });
    clearTimeout(this.patience);
    this.patience = setTimeout(() => {
      this.status.waitFor(null);
      this.status.fail('The kernel has not answered yet.', () => this.attach());
    }, patienceMs);
  }

  private async showPicture(png: string): Promise<void> {
    try {
      this.stage.show(await createImageBitmap(new Blob([bytesOf(png)], { type: 'image/png' })));
      this.status.waitFor(null);
    } catch {
      this.status.fail('The picture that came from the kernel cannot be drawn.', () => this.attach());
    }
  }

  private showState(state: ViewerState): void {
    if (state.slice !== this.slice || (this.state && state.revision < this.state.revision)) return;
    this.state = state;
    this.pending = [];
    this.status.fail(null);
    try {
      this.stage.mask.set(state.mask, this.output.image);
    } catch (error) {
      this.status.fail(`The mask cannot be drawn: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.stage.draw({ prompts: state.prompts, pending: [] });
    this.status.answered(state.model, state.iou, state.prompts.length);
    const { canUndo: undo, canRedo: redo } = state;
    this.toolbar.enable({ undo, redo, clear: state.prompts.length > 0 });
  }

  private setMode(mode: Mode): void {
    this.mode = mode;
    this.dropCorner();
    this.stage.canvas.focus({ preventScroll: true });
  }

  private hover(position: Position | null): void {
    this.status.at(position);
    if (position && this.cursor) this.moveCursor(null);
  }

  private point({ x, y }: Position, opposite: boolean): void {
    const include = (this.mode === 'exclude') === opposite;
    this.send({ kind: 'point', x, y, label: include ? 1 : 0 });
  }

  private send(prompt: Prompt): void {
    if (!this.stage.hasPicture) return;
    this.pending = [...this.pending, prompt];
    this.stage.draw({ pending: this.pending });
    this.post({ type: 'viewer/prompt', viewId: this.viewId, slice: this.slice, prompt });
  }

  private key(event: KeyboardEvent): void {
    const onPicture = event.target === this.stage.canvas;
    const command = onPicture ? pictureCommand(event) : viewerCommand(event);
    const done = command !== null && this.perform(command);
    if (done) event.preventDefault();
    if (done || staysInside(event)) event.stopPropagation();
  }

  /** Says whether there was something to do. */
  private perform(command: KeyCommand): boolean {
    const { viewId, slice } = this;
    switch (command.kind) {
      case 'undo':
      case 'redo':
        this.post({ type: `viewer/${command.kind}`, viewId });
        return true;
      case 'clear':
        this.post({ type: 'viewer/clear', viewId, slice });
        return true;
      case 'cancel':
        return this.pointer.cancel() || this.dropCorner();
      case 'move':
        this.moveCursor(stepFrom(this.cursor ?? this.centre(), command.dx, command.dy, this.output.image));
        return true;
      case 'place':
        this.place(this.cursor ?? this.centre(), command.exclude);
        return true;
    }
  }

  private place(position: Position, opposite: boolean): void {
    this.moveCursor(position);
    if (this.mode !== 'box') return this.point(position, opposite);
    if (!this.corner) {
      this.corner = position;
      this.stage.draw({ draft: boxBetween(position, position) });
      return;
    }
    const box: Box = boxBetween(this.corner, position);
    this.dropCorner();
    if (box.x1 > box.x0 && box.y1 > box.y0) this.send(box);
  }

  private moveCursor(cursor: Position | null): void {
    this.cursor = cursor;
    this.status.at(cursor);
    this.stage.draw({ cursor, ...(cursor && this.corner ? { draft: boxBetween(this.corner, cursor) } : {}) });
  }

  private dropCorner(): boolean {
    const dropped = this.corner !== null;
    this.corner = null;
    if (dropped) this.stage.draw({ draft: null });
    return dropped;
  }

  private centre(): Position {
    const { width, height } = this.output.image;
    return stepFrom({ x: width / 2, y: height / 2 }, 0, 0, this.output.image);
  }
}

const keyboardHelp =
  'Arrow keys move the crosshair, with Shift ten pixels at a time. Enter includes, Shift+Enter excludes, ' +
  'Control+Z undoes, Delete clears.';

function describe({ image, slice }: ImageOutput): string {
  const position = image.slices > 1 ? `, slice ${slice + 1} of ${image.slices}` : '';
  return `${image.name}, ${image.width} × ${image.height} pixels${position}`;
}
