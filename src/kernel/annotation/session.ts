import type { ImageInfo, MaskPatch, Prompt } from '../../protocol';
import { UserError } from '../errors';
import { decodeMaskPatch, type Mask } from '../imaging';
import type { Layer } from './content';
import type { SessionEvent, TimelineEvent } from './edits';
import type { Journal } from './journal';
import { KeptHistory } from './keptHistory';
import { checkedPrompt, checkSlice } from './prompts';
import type { Segmenter } from './segmenter';
import { wholeReading } from './sessionReading';
import { SessionView } from './sessionView';

/** Asked for only when an edit is on the disk: a model that cannot be loaded loses no prompt. */
export type SegmenterSource = () => Promise<Segmenter>;

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

const keptHistory = new KeptHistory();

/**
 * One image being annotated: objects, prompts, strokes and masks, with undo and redo. An edit is on the disk before it is
 * answered. Edits are carried out one after the other, in the order in which they were asked for.
 */
export class AnnotationSession extends SessionView {
  private queue: Promise<unknown> = Promise.resolve();
  /** Lines at which a journal, of which not all steps are in memory, is looked through. */
  private compactAt = compactionLines;

  constructor(
    readonly id: string,
    image: ImageInfo,
    private readonly journal: Journal,
  ) {
    super(image, journal.events);
    this.readOnly = journal.otherWriter();
    keptHistory.keep(this, this.reading.timeline.weight);
  }

  /** Asks the model for whatever is missing on a slice, and tells everybody. `again`: for all of its prompts. */
  answer(slice: number, source: SegmenterSource, again = false, signal?: AbortSignal): Promise<void> {
    checkSlice(this.image, slice);
    const open = () =>
      this.layersOn(slice).filter(
        (layer) => layer.prompts.length > 0 && (again || this.reading.masks.known(layer) === null),
      );
    return this.serialised(async () => {
      // Where another kernel writes, the answer is shown and not kept.
      if (open().length > 0) await this.begin().catch(() => undefined);
      const prompted = open();
      if (prompted.length === 0) return;
      await this.ask(prompted, source, signal);
      this.revision++;
      this.tell(prompted);
    });
  }

  /** The mask of an object on a slice; asks the model where it has not answered yet. null: nothing is there. */
  mask(object: string, slice: number, source: SegmenterSource): Promise<Mask | null> {
    return this.serialised(async () => {
      const layer = this.reading.timeline.layer(object, slice);
      if (layer === undefined) return null;
      await this.answerLayer(layer, source);
      const patch = this.reading.masks.known(layer)?.patch ?? null;
      return patch === null ? null : decodeMaskPatch(patch, this.image.size[0], this.image.size[1]);
    });
  }

  /** @throws UserError for a prompt outside of the image; nothing is recorded then. */
  prompt(intent: PromptIntent, source: SegmenterSource): Promise<void> {
    const { object, slice } = intent;
    const prompt = checkedPrompt(this.image, slice, intent.prompt);
    if (prompt.kind !== 'mask') return this.apply({ ...intent, prompt }, source);
    return this.serialised(async () => {
      await this.begin();
      return this.edit({ ...intent, prompt, patch: await this.given(object, prompt, source) }, source);
    });
  }

  /**
   * Makes this kernel the one that changes the session, before something that takes long.
   * @throws UserError while another kernel does
   */
  claim(): Promise<void> {
    return this.serialised(() => this.begin());
  }

  /** Lets other kernels change the session; the next change here claims it again. */
  release(): Promise<void> {
    return this.serialised(() => this.journal.release());
  }

  /**
   * Lets go of what the journal has: older steps, which an undo reads again, and answers that only they lead to.
   * @param weight of the newest steps, which stay; 0: nobody works on the session, and a further prompt may ask again
   */
  forget(weight: number): Promise<void> {
    return this.serialised(async () => {
      const { timeline, masks } = this.reading;
      timeline.forget(weight);
      masks.forget(timeline.reachable(), (key) => weight > 0 && timeline.layers.has(key));
      this.journal.forget();
    });
  }

  /** Where another kernel changes the session: takes what it has kept by now, and tells everybody. */
  async refresh(): Promise<void> {
    if (this.journal.claimed) return;
    await this.serialised(async () => {
      const events = await this.journal.changes();
      const before = this.readOnly;
      this.readOnly = this.journal.otherWriter();
      if (events !== null) return this.take(events);
      if (before === this.readOnly) return;
      this.revision++;
      this.tell([]);
    });
  }

  /** @throws UserError for an object or a slice that is not there */
  check(object: string | null, slice: number | null): void {
    if (slice !== null) checkSlice(this.image, slice);
    if (object === null || this.reading.timeline.objects.some(({ id }) => id === object)) return;
    throw new UserError('this object is not there any more: another view may have removed it');
  }

  /** Carries out an edit, or nothing where it would change nothing, and tells everybody. */
  apply(event: TimelineEvent, source: SegmenterSource): Promise<void> {
    return this.serialised(() => this.edit(event, source));
  }

  /** Fills holes, or keeps the largest component: where there is a mask. */
  clean(how: 'fill' | 'largest', object: string, slice: number | null, source: SegmenterSource): Promise<void> {
    return this.serialised(async () => {
      await this.begin();
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
      const layer = this.reading.timeline.layer(object, slice);
      const patch = prompt.kind === 'mask' ? await this.given(object, prompt, source) : undefined;
      const prompts = [...(layer?.prompts ?? []), { id: '', prompt, patch }];
      const choices = [...(layer?.choices ?? []), null];
      const operations = layer?.operations ?? [];
      const asked: Layer = { object, slice, base: layer?.base, prompts, choices, operations };
      return this.reading.masks.preview(asked, await source());
    });
  }

  /** The mask that a mask prompt names, as it is now. */
  private async given(object: string, prompt: Extract<Prompt, { kind: 'mask' }>, source: SegmenterSource) {
    const layer = this.reading.timeline.layer(object, prompt.slice);
    if (layer !== undefined) await this.answerLayer(layer, source);
    const patch = layer && this.reading.masks.known(layer)?.patch;
    if (!patch) throw new UserError(`slice ${prompt.slice} holds no mask of this object that could be a prompt`);
    return patch;
  }

  /** Asks for a mask that is not known yet; whoever needs it, everybody who shows the session is told. */
  private async answerLayer(layer: Layer, source: SegmenterSource): Promise<void> {
    if (this.reading.masks.known(layer) !== null) return;
    await this.ask([layer], source);
    this.revision++;
    this.tell([layer]);
  }

  private async edit(event: TimelineEvent, source: SegmenterSource): Promise<void> {
    const looks = event.edit === 'select' || event.edit === 'show';
    // What is only looked at can be chosen where nothing can be changed.
    await this.begin().catch((error: unknown) => {
      if (!looks) throw error;
    });
    if (event.edit === 'undo' && this.reading.timeline.lacksUndo) await this.remember();
    if (!this.reading.timeline.wouldChange(event)) return this.tell([]);
    if (this.journal.claimed) await this.journal.append(event);
    const changed = this.reading.timeline.apply(event);
    this.revision++;
    const layers = (changed?.layers ?? []).map(({ object, slice }) => ({
      object,
      slice,
      layer: this.reading.timeline.layer(object, slice),
    }));
    try {
      // What a step back brings again is known; what is not, and is on many slices, waits until somebody looks at it.
      const unknown = layers.flatMap(({ layer }) => (layer && this.reading.masks.known(layer) === null ? [layer] : []));
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
    keptHistory.keep(this, this.reading.timeline.weight);
  }

  /** Reads the steps again that were let go. @throws UserError where the journal leads elsewhere by now */
  private async remember(): Promise<void> {
    const whole = wholeReading(this.image, this.reading, await this.journal.read());
    if (whole === null) {
      const { file } = this.journal;
      throw new UserError(`what was done before cannot be undone: something else has changed ${file}`, { file });
    }
    this.reading = whole;
  }

  /** Claims the journal before anything is read that an edit builds on. @throws UserError while another kernel writes */
  private async begin(): Promise<void> {
    let events: readonly SessionEvent[] | null;
    try {
      events = await this.journal.claim();
    } catch (error) {
      this.readOnly = this.journal.otherWriter();
      throw error;
    }
    this.readOnly = null;
    if (events !== null) this.take(events);
  }

  private async ask(layers: readonly Layer[], source: SegmenterSource, signal?: AbortSignal): Promise<void> {
    const segmenter = await source();
    const records = await this.reading.masks.ask(layers, segmenter, signal);
    this.reading.model = segmenter.label;
    // Before anybody is shown them: what was seen is there after a kill. They can be computed again, so that an answer
    // does not wait for the disk (a power cut costs a question to the model), nor fails with it.
    await Promise.all(records.map((record) => this.journal.note(record).catch(() => undefined)));
  }

  /** Steps back and forth leave lines behind that lead nowhere: they go when they are the greater part. */
  private async compact(): Promise<void> {
    if (this.journal.length < compactionLines) return;
    if (!this.reading.timeline.isWhole) {
      if (this.journal.length < this.compactAt) return;
      this.compactAt = 2 * this.journal.length;
      await this.remember();
    }
    const events = this.reading.timeline.events();
    const answers = new Set(
      this.reading.timeline.reachable().flatMap((layer) => this.reading.masks.recordOf(layer) ?? []),
    );
    if (2 * (events.length + answers.size) > this.journal.length) return;
    await this.journal.replace([...events, ...answers]);
  }

  private serialised<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work);
    this.queue = result.catch(() => undefined);
    return result;
  }
}
