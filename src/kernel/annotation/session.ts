import type { ImageInfoV1 as ImageInfo, PromptV1 as Prompt, ViewerStateV1 as ViewerState } from '../../protocol';
import { AnswerChain } from './answers';
import type { Journal } from './journal';
import { checkedPrompt, checkSlice } from './prompts';
import type { Segmenter } from './segmenter';
import { Timeline, type TimelineEvent } from './timeline';

/** Asked for only when an edit is on the disk: a model that cannot be loaded loses no prompt. */
export type SegmenterSource = () => Promise<Segmenter>;

/**
 * One image being annotated: its prompts with undo and redo, and the model's answer per slice. An edit is on the disk
 * before it is answered. Edits are carried out one after the other, in the order in which they were asked for.
 */
export class AnnotationSession {
  private readonly timeline = new Timeline();
  private readonly chains = new Map<number, AnswerChain>();
  private queue: Promise<unknown> = Promise.resolve();
  /** Starts at the clock, so that it keeps growing over restarts: a viewer takes the state of a new kernel for newer. */
  private revision = Date.now();
  /** Who answered last. */
  private model = '';

  constructor(
    readonly id: string,
    readonly image: ImageInfo,
    private readonly journal: Journal,
  ) {
    for (const event of journal.events) this.timeline.apply(event);
  }

  /** Slices that hold prompts, ascending. */
  slices(): number[] {
    return this.timeline.slices();
  }

  prompts(slice: number): Prompt[] {
    return this.timeline.promptsOf(slice);
  }

  /** @throws UserError for a prompt outside of the image; nothing is recorded then. */
  prompt(slice: number, prompt: Prompt, segmenter: SegmenterSource): Promise<ViewerState> {
    const edit = { edit: 'prompt', slice, prompt: checkedPrompt(this.image, slice, prompt) } as const;
    return this.edit(() => edit, segmenter);
  }

  /** Empties a slice; one undo brings it back. */
  clear(slice: number, segmenter: SegmenterSource): Promise<ViewerState> {
    checkSlice(this.image, slice);
    return this.edit(() => (this.prompts(slice).length > 0 ? { edit: 'clear', slice } : null), segmenter, slice);
  }

  /** Takes the last edit back, whichever slice it was on; the state is that slice's. */
  undo(segmenter: SegmenterSource, viewed = 0): Promise<ViewerState> {
    return this.edit(() => (this.timeline.canUndo ? { edit: 'undo' } : null), segmenter, viewed);
  }

  redo(segmenter: SegmenterSource, viewed = 0): Promise<ViewerState> {
    return this.edit(() => (this.timeline.canRedo ? { edit: 'redo' } : null), segmenter, viewed);
  }

  /** The state of a slice with its mask; asks the model when these weights have not answered these prompts yet. */
  state(slice: number, segmenter: SegmenterSource): Promise<ViewerState> {
    checkSlice(this.image, slice);
    return this.serialised(() => this.answered(slice, segmenter));
  }

  /** What is known without asking the model: the prompts, and the mask as far as it was answered. */
  stateSoFar(slice: number): ViewerState {
    const prompts = this.prompts(slice);
    return this.describe(slice, prompts, this.chain(slice).latest(prompts));
  }

  private edit(next: () => TimelineEvent | null, segmenter: SegmenterSource, viewed = 0): Promise<ViewerState> {
    return this.serialised(async () => {
      const event = next();
      if (event === null) return this.answered(viewed, segmenter);
      await this.journal.append(event);
      const slice = this.timeline.apply(event) ?? viewed;
      this.revision++;
      return this.answered(slice, segmenter);
    });
  }

  private async answered(slice: number, source: SegmenterSource): Promise<ViewerState> {
    const prompts = this.prompts(slice);
    const chain = this.chain(slice);
    const segmenter = await source();
    const known = chain.known(prompts, segmenter.key);
    const answer = known ?? (await chain.answer(prompts, segmenter));
    if (known === null && answer !== null) this.revision++;
    this.model = segmenter.label;
    return this.describe(slice, prompts, answer);
  }

  private describe(
    slice: number,
    prompts: Prompt[],
    answer: { mask: ViewerState['mask']; iou: number } | null,
  ): ViewerState {
    return {
      slice,
      revision: this.revision,
      prompts,
      mask: answer?.mask ?? null,
      iou: answer?.iou ?? null,
      canUndo: this.timeline.canUndo,
      canRedo: this.timeline.canRedo,
      model: this.model,
    };
  }

  private chain(slice: number): AnswerChain {
    let chain = this.chains.get(slice);
    if (chain === undefined) this.chains.set(slice, (chain = new AnswerChain(slice)));
    return chain;
  }

  private serialised<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work);
    this.queue = result.catch(() => undefined);
    return result;
  }
}
