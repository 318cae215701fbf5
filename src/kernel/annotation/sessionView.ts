import type { ImageInfo, MaskPatch, ObjectSlice, SessionState, SliceMarks } from '../../protocol';
import type { Layer } from './content';
import type { KeptPrompt, SessionEvent } from './edits';
import { annotatedSlices, marksOf, patchesOf } from './marks';
import { MaskUpdates } from './maskUpdates';
import { differing, readingOf, type SessionReading } from './sessionReading';

/** What changed, for everybody who shows the session. */
export interface SessionChange {
  readonly state: SessionState;
  readonly objects: ObjectSlice[];
}

/** What a session shows, to whom it tells what has changed, and what is known of it without asking a model. */
export abstract class SessionView {
  protected reading: SessionReading;
  /** Starts at the clock, so that it keeps growing over restarts: a viewer takes the state of a new kernel for newer. */
  protected revision = Date.now();
  /** Why nothing can be changed here; null where it can, as far as is known. */
  protected readOnly: string | null = null;
  private readonly updates: MaskUpdates;
  private readonly listeners = new Set<(change: SessionChange) => void>();

  constructor(
    readonly image: ImageInfo,
    events: readonly SessionEvent[],
  ) {
    this.reading = readingOf(image, events);
    const [width, height] = image.size;
    this.updates = new MaskUpdates({ width, height }, this.revision);
  }

  onChange(listener: (change: SessionChange) => void): void {
    this.listeners.add(listener);
  }

  get state(): SessionState {
    const { revision, readOnly } = this;
    const { timeline, model } = this.reading;
    const { active, undoName: undo, redoName: redo } = timeline;
    return { revision, objects: [...timeline.objects], active, undo, redo, model, readOnly };
  }

  /** The slice to begin with: the first one that was annotated, else the middle. */
  get firstSlice(): number {
    return this.slices()[0] ?? Math.floor(this.image.size[2] / 2);
  }

  /** Slices of each object that hold prompts or, as far as is known, a mask. */
  marks(): SliceMarks[] {
    return marksOf(this.reading.timeline, this.reading.masks);
  }

  /** Prompts of one object on a slice, oldest first. */
  prompts(object: string, slice: number): readonly KeptPrompt[] {
    return this.reading.timeline.layer(object, slice)?.prompts ?? [];
  }

  /** Whether a hand has been at an object on a slice: prompts, strokes, clean-ups. */
  isWorkedOn(object: string, slice: number): boolean {
    const layer = this.reading.timeline.layer(object, slice);
    return layer !== undefined && (layer.prompts.length > 0 || layer.operations.length > 0);
  }

  /** The model's own estimate of a mask; null where no model gave it, or has not yet. */
  iou(object: string, slice: number): number | null {
    const layer = this.reading.timeline.layer(object, slice);
    return layer === undefined ? null : (this.reading.masks.known(layer)?.iou ?? null);
  }

  /** What lies on a slice, masks whole, as far as it is known without asking a model. */
  known(slice: number): ObjectSlice[] {
    return this.layersOn(slice).map((layer) => this.updates.whole(layer, this.reading.masks.known(layer)));
  }

  /** Whether a model has to be asked for the masks of a slice. */
  isAnswered(slice: number): boolean {
    return this.layersOn(slice).every((layer) => this.reading.masks.known(layer) !== null);
  }

  /** The mask of an object on a slice, as far as it is known; null where there is none. */
  patch(object: string, slice: number): MaskPatch | null {
    const layer = this.reading.timeline.layer(object, slice);
    return (layer && this.reading.masks.known(layer)?.patch) ?? null;
  }

  /** Masks of an object, as far as they are known, by slice. */
  patches(object: string): [slice: number, patch: MaskPatch][] {
    return patchesOf(this.reading.timeline, this.reading.masks, object);
  }

  /** Slices on which an object, or any, has prompts or masks; ascending. */
  slices(object: string | null = null): number[] {
    return annotatedSlices(this.reading.timeline, object);
  }

  /** Puts what another kernel has kept in the place of what is here, and tells what is different. */
  protected take(events: readonly SessionEvent[]): void {
    const before = this.reading;
    this.reading = readingOf(this.image, events);
    this.revision++;
    this.tell(differing(before, this.reading));
  }

  protected layersOn(slice: number): Layer[] {
    return this.reading.timeline.objects.flatMap(({ id }) => this.reading.timeline.layer(id, slice) ?? []);
  }

  protected tell(places: readonly { readonly object: string; readonly slice: number }[]): void {
    const objects = places.map(({ object, slice }) => {
      const layer = this.reading.timeline.layer(object, slice);
      return this.updates.change(object, slice, layer, layer && this.reading.masks.known(layer), this.revision);
    });
    const change = { state: this.state, objects };
    for (const listener of this.listeners) listener(change);
  }
}
