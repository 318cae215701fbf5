import type { MaskPatch, PromptV1 as Prompt } from '../../protocol';
import { encodeMaskPatch } from '../imaging';
import type { LowResMask } from '../inference/types';
import { promptSet } from './prompts';
import type { Segmenter } from './segmenter';

/** The model's answer to the prompts of one slice up to and including `prompt`. */
export interface Answer {
  readonly prompt: Prompt;
  readonly mask: MaskPatch | null;
  readonly iou: number;
  /** What the next prompt refines; forgotten for answers that are far back. */
  lowRes: LowResMask | null;
}

/** How many steps of undo keep the logits that a new prompt refines; farther back they are computed again. */
const keptLogits = 16;

/**
 * Answers of one slice, one per prompt. Each prompt refines the answer before it, so the last answer depends on the
 * whole chain; undo and redo move along it without asking the model.
 */
export class AnswerChain {
  private answers: Answer[] = [];
  private segmenterKey = '';

  constructor(private readonly slice: number) {}

  /** The answer to these prompts where it is known already: computed by this segmenter, from the same prompts. */
  known(prompts: readonly Prompt[], segmenterKey: string): Answer | null {
    if (prompts.length === 0 || this.segmenterKey !== segmenterKey) return null;
    return this.common(prompts) === prompts.length ? this.answers[prompts.length - 1] : null;
  }

  /** The newest answer that any model gave to a prefix of these prompts; what a viewer shows while it waits. */
  latest(prompts: readonly Prompt[]): Answer | null {
    return this.answers[this.common(prompts) - 1] ?? null;
  }

  /** Asks the segmenter for what is not known yet, prompt by prompt. @returns null without prompts. */
  async answer(prompts: readonly Prompt[], segmenter: Segmenter): Promise<Answer | null> {
    if (prompts.length === 0) return null;
    const known = this.known(prompts, segmenter.key);
    if (known !== null) return known;

    let chain = this.segmenterKey === segmenter.key ? this.answers.slice(0, this.common(prompts)) : [];
    if (chain.length > 0 && chain[chain.length - 1].lowRes === null) chain = [];
    for (const prompt of prompts.slice(chain.length)) {
      // A new box says anew what is meant; a point corrects the answer so far.
      const previous = prompt.kind === 'box' ? undefined : (chain.at(-1)?.lowRes ?? undefined);
      const set = promptSet([...chain.map((answer) => answer.prompt), prompt]);
      const prediction = await segmenter.predict(this.slice, set, previous);
      const { mask, iou, lowRes } = prediction;
      chain.push({ prompt, mask: encodeMaskPatch(mask), iou, lowRes });
      const far = chain[chain.length - 1 - keptLogits];
      if (far !== undefined) far.lowRes = null;
    }
    this.answers = chain;
    this.segmenterKey = segmenter.key;
    return chain[chain.length - 1];
  }

  private common(prompts: readonly Prompt[]): number {
    let length = 0;
    while (length < prompts.length && this.answers[length]?.prompt === prompts[length]) length++;
    return length;
  }
}
