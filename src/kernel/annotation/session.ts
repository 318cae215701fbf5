import type { ImageInfo, MaskPatch, ObjectSlice, Prompt, SessionState, SliceMarks } from '../../protocol';
import { UserError } from '../errors';
import { decodeMaskPatch, type Mask } from '../imaging';
import type { Layer } from './content';

import type { KeptPrompt, TimelineEvent } from './edits';
import type { Journal } from './journal';
import { LayerMasks } from './layerMasks';
import { annotatedSlices, marksOf, patchesOf } from './marks';
import { MaskUpdates } from './maskUpdates';
import { checkedPrompt, checkSlice } from './prompts';
import type { Segmenter } from './segmenter';
import { Timeline } from './timeline';

/** Asked for only when an edit is on the disk: a model that cannot be loaded loses no prompt. */
export type SegmenterSource = () => Promise<Segmenter>;

/** What changed, for everybody who shows the session. */
export interface SessionChange {
  readonly state: SessionState;
  readonly objects: ObjectSlice[];
}

/** A prompt that is to be added or moved. */
export interface PromptIntent {
  readonly edit: 'prompt/add' | 'prompt/move';
  readonly object: string;
  readonly slice: number;
  readonly id: string;
  readonly prompt: Prompt;
}

/** Lines beyond which a journal is written anew where that halves it. */
const compactionLines = 500;

/**
 * One image being annotated: objects, prompts, strokes and masks, with undo and redo. An edit is on the disk before it is
 * answered. Edits are carried out one after the other, in the order in which they were asked for.
 */
export class AnnotationSession {
  private readonly timeline = new Timeline();
  private readonly masks: LayerMasks;
  private readonly updates: MaskUpdates;
  private readonly listeners = new Set<(change: SessionChange) => void>();
  private queue: Promise<unknown> = Promise.resolve();
  /** Starts at the clock, so that it keeps growing over restarts: a viewer takes the state of a new kernel for newer. */
  private revision = Date.now();
  /** Who answered last. */
  private model: string | null = null;

  constructor(
    readonly id: string,
    readonly image: ImageInfo,
    private readonly journal: Journal,
  ) {
    const [width, height] = image.size;
    this.masks = new LayerMasks({ width, height });
    this.updates = new MaskUpdates({ width, height }, this.revision);
    for (const event of journal.events) {
      if (event.edit !== 'answer') this.timeline.apply(event);
      else {
        this.masks.restore(event);
        this.model = event.model;
      }
    }
  }

  onChange(listener: (change: SessionChange) => void): void {
    this.listeners.add(listener);
  }

  get state(): SessionState {
    const { revision, model, timeline } = this;
    const { active, undoName: undo, redoName: redo } = timeline;
    return { revision, objects: [...timeline.objects], active, undo, redo, model };
  }

  /** The slice to begin with: the first one that was annotated, else the middle. */
  get firstSlice(): number {
    return this.slices()[0] ?? Math.floor(this.image.size[2] / 2);
  }

  /** Slices of each object that hold prompts or, as far as is known, a mask. */
  marks(): SliceMarks[] {
    return marksOf(this.timeline, this.masks);
  }

  /** Prompts of one object on a slice, oldest first. */
  prompts(object: string, slice: number): readonly KeptPrompt[] {
    return this.timeline.layer(object, slice)?.prompts ?? [];
  }

  /** Whether a hand has been at an object on a slice: prompts, strokes, clean-ups. */
  isWorkedOn(object: string, slice: number): boolean {
    const layer = this.timeline.layer(object, slice);
    return layer !== undefined && (layer.prompts.length > 0 || layer.operations.length > 0);
  }

  /** The model's own estimate of a mask; null where no model gave it, or has not yet. */
  iou(object: string, slice: number): number | null {
    const layer = this.timeline.layer(object, slice);
    return layer === undefined ? null : (this.masks.known(layer)?.iou ?? null);
  }

  /** What lies on a slice, masks whole, as far as it is known without asking a model. */
  known(slice: number): ObjectSlice[] {
    return this.layersOn(slice).map((layer) => this.updates.whole(layer, this.masks.known(layer)));
  }

  /** Whether a model has to be asked for the masks of a slice. */
  isAnswered(slice: number): boolean {
    return this.layersOn(slice).every((layer) => this.masks.known(layer) !== null);
  }

  /** The mask of an object on a slice, as far as it is known; null where there is none. */
  patch(object: string, slice: number): MaskPatch | null {
    const layer = this.timeline.layer(object, slice);
    return (layer && this.masks.known(layer)?.patch) ?? null;
  }

  /** Masks of an object, as far as they are known, by slice. */
  patches(object: string): [slice: number, patch: MaskPatch][] {
    return patchesOf(this.timeline, this.masks, object);
  }

  /** Slices on which an object, or any, has prompts or masks; ascending. */
  slices(object: string | null = null): number[] {
    return annotatedSlices(this.timeline, object);
  }

  /** Asks the model for whatever is missing on a slice, and tells everybody. `again`: for all of its prompts. */
  answer(slice: number, source: SegmenterSource, again = false, signal?: AbortSignal): Promise<void> {
    checkSlice(this.image, slice);
    return this.serialised(async () => {
      const layers = this.layersOn(slice).filter((layer) => again || this.masks.known(layer) === null);
      const prompted = layers.filter(({ prompts }) => prompts.length > 0);
      if (prompted.length === 0) return;
      await this.ask(prompted, source, signal);
      this.revision++;
      this.tell(prompted);
    });
  }

  /** The mask of an object on a slice; asks the model where it has not answered yet. null: nothing is there. */
  mask(object: string, slice: number, source: SegmenterSource): Promise<Mask | null> {
    return this.serialised(async () => {
      const layer = this.timeline.layer(object, slice);
      if (layer === undefined) return null;
      await this.answerLayer(layer, source);
      const patch = this.masks.known(layer)?.patch ?? null;
      return patch === null ? null : decodeMaskPatch(patch, this.image.size[0], this.image.size[1]);
    });
  }

  /** @throws UserError for a prompt outside of the image; nothing is recorded then. */
  prompt(intent: PromptIntent, source: SegmenterSource): Promise<void> {
    const { object, slice } = intent;
    const prompt = checkedPrompt(this.image, slice, intent.prompt);
    if (prompt.kind !== 'mask') return this.apply({ ...intent, prompt }, source);
    return this.serialised(async () =>
      this.edit({ ...intent, prompt, patch: await this.given(object, prompt, source) }, source),
    );
  }

  /** @throws UserError for an object or a slice that is not there */
  check(object: string | null, slice: number | null): void {
    if (slice !== null) checkSlice(this.image, slice);
    if (object === null || this.timeline.objects.some(({ id }) => id === object)) return;
    throw new UserError('this object is not there any more: another view may have removed it');
  }

  /** Carries out an edit, or nothing where it would change nothing, and tells everybody. */
  apply(event: TimelineEvent, source: SegmenterSource): Promise<void> {
    return this.serialised(() => this.edit(event, source));
  }

  /** Fills holes, or keeps the largest component: where there is a mask. */
  clean(how: 'fill' | 'largest', object: string, slice: number | null, source: SegmenterSource): Promise<void> {
    return this.serialised(async () => {
      const slices = slice === null ? this.slices(object) : [slice];
      await this.edit({ edit: 'clean', how, object, slices }, source);
    });
  }

  /** What a further prompt would give; `stillWanted` is asked when it would be its turn. */
  preview(
    { object, slice, ...rest }: Omit<PromptIntent, 'edit' | 'id'>,
    source: SegmenterSource,
    stillWanted: () => boolean,
  ): Promise<{ mask: MaskPatch | null; iou: number } | null> {
    const prompt = checkedPrompt(this.image, slice, rest.prompt);
    return this.serialised(async () => {
      if (!stillWanted()) return null;
      const layer = this.timeline.layer(object, slice);
      const patch = prompt.kind === 'mask' ? await this.given(object, prompt, source) : undefined;
      const prompts = [...(layer?.prompts ?? []), { id: '', prompt, patch }];
      const choices = [...(layer?.choices ?? []), null];
      const operations = layer?.operations ?? [];
      const asked: Layer = { object, slice, base: layer?.base, prompts, choices, operations };
      return this.masks.preview(asked, await source());
    });
  }

  private layersOn(slice: number): Layer[] {
    return this.timeline.objects.flatMap(({ id }) => this.timeline.layer(id, slice) ?? []);
  }

  /** The mask that a mask prompt names, as it is now. */
  private async given(object: string, prompt: Extract<Prompt, { kind: 'mask' }>, source: SegmenterSource) {
    const layer = this.timeline.layer(object, prompt.slice);
    if (layer !== undefined) await this.answerLayer(layer, source);
    const patch = layer && this.masks.known(layer)?.patch;
    if (!patch) throw new UserError(`slice ${prompt.slice} holds no mask of this object that could be a prompt`);
    return patch;
  }

  /** Asks for a mask that is not known yet; whoever needs it, everybody who shows the session is told. */
  private async answerLayer(layer: Layer, source: SegmenterSource): Promise<void> {
    if (this.masks.known(layer) !== null) return;
    await this.ask([layer], source);
    this.revision++;
    this.tell([layer]);
  }

  private async edit(event: TimelineEvent, source: SegmenterSource): Promise<void> {
    if (!this.timeline.wouldChange(event)) return this.tell([]);
    await this.journal.append(event);
    const changed = this.timeline.apply(event);
    this.revision++;
    const layers = (changed?.layers ?? []).map(({ object, slice }) => ({
      object,
      slice,
      layer: this.timeline.layer(object, slice),
    }));
    try {
      // What a step back brings again is known; what is not, and is on many slices, waits until somebody looks at it.
      const unknown = layers.flatMap(({ layer }) => (layer && this.masks.known(layer) === null ? [layer] : []));
      const slice = unknown[0]?.slice;
      if (slice !== undefined)
        await this.ask(
          unknown.filter((layer) => layer.slice === slice),
          source,
        );
    } finally {
      this.tell(layers);
    }
    await this.compact();
  }

  private async ask(layers: readonly Layer[], source: SegmenterSource, signal?: AbortSignal): Promise<void> {
    const segmenter = await source();
    const records = await this.masks.ask(layers, segmenter, signal);
    this.model = segmenter.label;
    // They can be computed again: an answer does not fail with the disk.
    await Promise.all(records.map((record) => this.journal.note(record).catch(() => undefined)));
  }

  private tell(places: readonly { readonly object: string; readonly slice: number }[]): void {
    const objects = places.map(({ object, slice }) => {
      const layer = this.timeline.layer(object, slice);
      return this.updates.change(object, slice, layer, layer && this.masks.known(layer), this.revision);
    });
    const change = { state: this.state, objects };
    for (const listener of this.listeners) listener(change);
  }

  /** Steps back and forth leave lines behind that lead nowhere: they go when they are the greater part. */
  private async compact(): Promise<void> {
    if (this.journal.length < compactionLines) return;
    const events = this.timeline.events();
    const answers = new Set(this.timeline.reachable().flatMap((layer) => this.masks.recordOf(layer) ?? []));
    if (2 * (events.length + answers.size) > this.journal.length) return;
    await this.journal.replace([...events, ...answers]);
  }

  private serialised<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work);
    this.queue = result.catch(() => undefined);
    return result;
  }
}
