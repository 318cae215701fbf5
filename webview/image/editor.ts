import type { Prompt, PromptEntry } from '../../src/protocol';
import { clampTo, isInside, type Placement, type Position, stepFrom } from './camera';
import { begin, type Draft, type Drawn, finish, hold, lead, type Sign } from './draft';
import type { HeldObject } from './heldSlice';
import { HoverPreview } from './hoverPreview';
import { type ImageEvent, newId, type Post } from './messages';
import { promptAt } from './promptHit';
import { type Move, movedEntry } from './promptMove';
import type { Session } from './session';
import type { Settings } from './settings';
import { Strokes } from './strokes';

interface Pending {
  object: string;
  slice: number;
  entry: PromptEntry;
}

/** What the person does on the annotation plane: drafts, prompts on their way, selection, cursor, live preview. */
export class Editor {
  draft: Draft | null = null;
  /** Name of the selected prompt. */
  selected: string | null = null;
  /** The keyboard's cursor. */
  cursor: Position | null = null;
  /** Under the pointer; null: it is elsewhere. */
  pointer: Position | null = null;
  readonly preview: HoverPreview;
  readonly strokes: Strokes;
  /** Sent, not answered: shown at once, so that a click is felt before the model is done. */
  private pending: Pending[] = [];
  private moving: Move | null = null;
  private slice: number;

  /** `slice`: the one that is shown, of the annotation plane. `ready`: whether its pixels are here. */
  constructor(
    private readonly viewId: string,
    private readonly post: Post,
    private readonly session: Session,
    private readonly settings: Settings,
    private readonly view: { slice(): number; ready(): boolean; changed(): void; placed(at: Position): void },
  ) {
    this.slice = view.slice();
    this.strokes = new Strokes(session.annotationPlane);
    this.preview = new HoverPreview(viewId, post, () => view.changed());
  }

  /** The active object on the shown slice. */
  get held(): HeldObject | undefined {
    return this.session.onSlice(this.session.active.id, this.view.slice());
  }

  /** Prompts of the active object on the shown slice, those on their way last. */
  get prompts(): (PromptEntry & { answered: boolean })[] {
    const names = new Set(this.held?.prompts.map(({ id }) => id));
    const known = (this.held?.prompts ?? []).map((entry) => {
      const sent = this.pending.findLast((each) => each.entry.id === entry.id);
      return { ...this.moved(sent?.entry ?? entry), answered: !sent };
    });
    const here = ({ object, slice, entry }: Pending) =>
      object === this.session.active.id && slice === this.view.slice() && !names.has(entry.id);
    return [...known, ...this.pending.filter(here).map(({ entry }) => ({ ...entry, answered: false }))];
  }

  hover(at: Position | null): void {
    const { tool, preview, sign } = this.settings;
    const plane = this.session.annotationPlane;
    this.pointer = at && isInside(plane, at) ? at : null;
    if (at) this.cursor = null;
    const asks = preview && tool === 'point' && !this.draft && !this.moving && this.view.ready();
    const place = this.pointer && clampTo(plane, this.pointer);
    const prompt = place && ({ kind: 'point', ...place, label: sign } as const);
    this.preview.at(asks && prompt ? { object: this.session.active.id, slice: this.view.slice(), prompt } : null);
  }

  /** `place`: to tell whether a prompt lies under the pointer; null for the keyboard, which does not pick. */
  press(at: Position, opposite: boolean, picked: { at: Position; place: Placement } | null): void {
    const { tool, radius } = this.settings;
    if (tool === 'move' || !this.view.ready()) return;
    this.preview.stop();
    // What is being changed is not changed unseen.
    this.settings.masks = true;
    const from = clampTo(this.session.annotationPlane, at);
    const paints = tool === 'brush' || tool === 'eraser';
    const prompt = picked && !paints && !this.draft ? promptAt(this.prompts, picked.at, picked.place) : null;
    if (prompt) {
      this.selected = prompt.id;
      this.moving = { entry: prompt, from, to: from };
    } else if (this.draft?.kind === 'box' && this.draft.held) {
      this.draft = { ...this.draft, to: from, held: false };
    } else {
      this.selected = null;
      const sign: Sign = opposite ? (this.settings.sign === 1 ? 0 : 1) : this.settings.sign;
      this.draft = begin({ tool, radius, sign: paints ? (opposite ? 0 : 1) : sign }, from);
      if (paints) this.beginStroke();
    }
    this.view.changed();
  }

  lead(at: Position, dragged: boolean): void {
    const to = clampTo(this.session.annotationPlane, at);
    if (this.moving) {
      if (dragged) this.moving.to = to;
    } else if (this.draft) {
      this.draft = lead(this.draft, to, dragged);
      if (this.draft.kind === 'stroke') this.strokes.paint(this.draft.stroke);
    } else return;
    this.view.changed();
  }

  release(): void {
    if (this.moving) return this.drop();
    if (!this.draft) return;
    const { drawn, rest } = finish(this.draft);
    this.draft = rest;
    this.send(drawn);
    this.view.changed();
  }

  /** Gives up what is being drawn, else the selection; says whether there was anything. */
  giveUp(): boolean {
    const had = this.draft !== null || this.moving !== null || this.selected !== null;
    this.draft = null;
    this.moving = null;
    this.selected = null;
    this.strokes.cancel();
    if (had) this.view.changed();
    return had;
  }

  /** Another slice is shown: what was begun belonged to the one before. */
  toSlice(slice: number): void {
    if (slice === this.slice) return;
    this.slice = slice;
    this.preview.stop();
    this.giveUp();
  }

  moveCursor(dx: number, dy: number): void {
    const plane = this.session.annotationPlane;
    const middle = { x: plane.width / 2, y: plane.height / 2 };
    // Keys go the way the picture stands, mirrored or not.
    const step = stepFrom(this.cursor ?? middle, plane.flipX ? -dx : dx, plane.flipY ? -dy : dy, plane);
    this.cursor = step;
    this.pointer = null;
    this.preview.stop();
    if (this.draft) this.lead(step, true);
    this.view.changed();
  }

  /** Enter: a point at the cursor; of a box, a line or a stroke, its beginning and then its end. */
  place(opposite: boolean): void {
    const { draft } = this;
    if (!this.cursor) this.moveCursor(0, 0);
    if (!this.cursor) return;
    if (draft && draft.kind !== 'press' && draft.held) {
      this.draft = { ...draft, held: false };
      return this.release();
    }
    this.press(this.cursor, opposite, null);
    this.draft &&= hold(this.draft);
    if (this.draft?.kind === 'press') this.release();
  }

  add(prompt: Prompt): void {
    const object = this.session.active.id;
    const slice = this.view.slice();
    const entry = { id: newId('p'), prompt };
    this.pending.push({ object, slice, entry });
    this.post({ type: 'viewer/prompt/add', viewId: this.viewId, object, slice, ...entry });
    this.view.changed();
  }

  remove(id: string): void {
    const object = this.session.active.id;
    if (this.selected === id) this.selected = null;
    this.post({ type: 'viewer/prompt/remove', viewId: this.viewId, object, slice: this.view.slice(), id });
    this.view.changed();
  }

  /** The kernel has told: what was shown ahead of it is answered. */
  changed({ objects }: Extract<ImageEvent, { type: 'viewer/change' }>): void {
    this.preview.stop();
    for (const { object, slice, source, prompts } of objects) {
      if (source !== 'model') this.strokes.answered(object, slice);
      const known = new Set(prompts.map(({ id }) => id));
      this.pending = this.pending.filter((each) => each.object !== object || !known.has(each.entry.id));
    }
    if (this.selected && !this.prompts.some(({ id }) => id === this.selected)) this.selected = null;
  }

  /** Something went wrong: only what the kernel says is shown. */
  forget(): void {
    this.pending = [];
    this.strokes.forget();
    this.preview.stop();
  }

  private send(drawn: Drawn): void {
    if (!drawn) return;
    if (drawn.kind === 'prompt') {
      this.add(drawn.prompt);
      if (drawn.prompt.kind === 'point') this.view.placed(drawn.prompt);
      return;
    }
    const { stroke } = drawn;
    this.strokes.paint(stroke);
    this.strokes.end();
    const object = this.session.active.id;
    this.post({ type: 'viewer/stroke', viewId: this.viewId, object, slice: this.view.slice(), ...stroke });
  }

  private beginStroke(): void {
    this.strokes.begin(this.session.active.id, this.view.slice(), this.held?.mask ?? null);
    if (this.draft?.kind === 'stroke') this.strokes.paint(this.draft.stroke);
  }

  private drop(): void {
    const { moving } = this;
    this.moving = null;
    if (!moving) return;
    if (moving.from !== moving.to) {
      const entry = movedEntry(moving, this.session.annotationPlane);
      const [object, slice] = [this.session.active.id, this.view.slice()];
      this.pending.push({ object, slice, entry });
      this.post({ type: 'viewer/prompt/move', viewId: this.viewId, object, slice, ...entry });
    }
    this.view.changed();
  }

  private moved(entry: PromptEntry): PromptEntry {
    return this.moving?.entry.id === entry.id ? movedEntry(this.moving, this.session.annotationPlane) : entry;
  }
}
