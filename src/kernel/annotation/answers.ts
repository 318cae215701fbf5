import type { MaskPatch } from '../../protocol';
import { decodeMaskPatch, encodeMaskPatch } from '../imaging';
import { onesOf } from '../imaging/maskPatch';
import { type Layer, layerKey } from './content';
import type { KeptPrompt } from './edits';
import { KeptLogits, type Refinable } from './keptLogits';
import { logitsOf, promptSet, withScribble } from './maskPrompts';
import type { LowResMask, ObjectPrompts, Prediction, Segmenter } from './segmenter';

type Size = { readonly width: number; readonly height: number };

/** One of the masks that answer a prompt. */
export interface Candidate extends Refinable {
  readonly mask: MaskPatch | null;
  readonly iou: number;
  /** Pixels. */
  readonly area: number;
}

/** The answer to one prompt and all those before it. */
interface Link {
  readonly prompt: KeptPrompt;
  readonly candidates: readonly Candidate[];
}

/** How many steps of undo keep the logits that a new prompt refines; farther back they are computed again. */
const keptSteps = 16;
const keptLogits = new KeptLogits();

/**
 * Answers of one object on one slice, one per prompt. Each prompt refines the answer before it, so the last answer
 * depends on the whole chain; undo and redo move along it without asking the model.
 */
class AnswerChain {
  private links: Link[] = [];
  private choices: Layer['choices'] = [];
  private base: Layer['base'] = undefined;
  private segmenterKey = '';

  /** How many of a layer's prompts are answered already, by this segmenter. */
  known(layer: Layer, segmenterKey: string): number {
    if (this.segmenterKey !== segmenterKey || this.base !== layer.base) return 0;
    let length = 0;
    while (length < layer.prompts.length && this.links[length]?.prompt === layer.prompts[length]) {
      length++;
      if (this.choices[length - 1] !== layer.choices[length - 1]) break; // what comes after refines another mask
    }
    return length;
  }

  answer(layer: Layer): readonly Candidate[] {
    return this.links[layer.prompts.length - 1].candidates;
  }

  /** What prompt `index` of a layer refines; null where that is nothing, or was forgotten. */
  refined(layer: Layer, index: number): LowResMask | null {
    return this.links[index - 1]?.candidates[layer.choices[index - 1] ?? 0]?.lowRes ?? null;
  }

  /**
   * Forgets what does not lead to this layer. `further`: another prompt will refine its answer.
   * @returns how many prompts are answered
   */
  begin(layer: Layer, segmenterKey: string, further: boolean): number {
    let known = this.known(layer, segmenterKey);
    const refines = further || known < layer.prompts.length;
    if (refines && known > 0 && this.refined(layer, known) === null) known = 0;
    if (known < layer.prompts.length) {
      for (const { candidates } of this.links.slice(known)) keptLogits.forget(candidates);
      this.links = this.links.slice(0, known);
    }
    [this.choices, this.base, this.segmenterKey] = [layer.choices, layer.base, segmenterKey];
    return known;
  }

  /** What to ask about prompt `index` of a layer, all before it being answered; it refines `last`. */
  ask(
    layer: Layer,
    index: number,
    last: LowResMask | null,
    image: Size,
    side: number,
  ): ObjectPrompts & { readonly ambiguous: boolean } {
    const { prompt, patch } = layer.prompts[index];
    const given = (mask: MaskPatch | null | undefined): LowResMask | null =>
      mask ? logitsOf(decodeMaskPatch(mask, image.width, image.height), side) : null;
    let previous = index === 0 ? given(layer.base) : last;
    // A new box says anew what is meant; a point corrects the answer so far.
    if (prompt.kind === 'box') previous = null;
    if (prompt.kind === 'mask') previous = prompt.slice === layer.slice ? given(patch) : null;
    if (prompt.kind === 'scribble') previous = withScribble(previous, prompt, image, side);
    const ambiguous = index === 0 && prompt.kind === 'point' && !layer.base;
    const prompts = promptSet(layer, layer.prompts.slice(0, index + 1), image);
    return { prompts, previous: previous ?? undefined, ambiguous };
  }

  forget(): void {
    for (const { candidates } of this.links) keptLogits.forget(candidates);
    this.links = [];
  }

  take(prompt: KeptPrompt, candidates: readonly Candidate[]): void {
    this.links.push({ prompt, candidates });
    keptLogits.keep(candidates);
    const far = this.links[this.links.length - 1 - keptSteps];
    if (far !== undefined) keptLogits.forget(far.candidates);
  }
}

/** The answers of a session: of each object on each slice a chain. */
export class Answers {
  private readonly chains = new Map<string, AnswerChain>();

  constructor(private readonly image: Size) {}

  /** Candidates for each layer of one slice, each of which has prompts; asks only for what is not known yet. */
  async of(layers: readonly Layer[], segmenter: Segmenter, signal?: AbortSignal): Promise<(readonly Candidate[])[]> {
    const open = await this.answer(layers, segmenter, { signal });
    return open.map(({ layer, chain }) => chain.answer(layer));
  }

  /** What a further prompt would be answered with; nothing is kept of it. */
  async preview(layer: Layer, segmenter: Segmenter): Promise<Candidate> {
    const chain = this.chain(layer);
    const last = layer.prompts.length - 1;
    const before = { ...layer, prompts: layer.prompts.slice(0, last), choices: layer.choices.slice(0, last) };
    const [answered] = last > 0 ? await this.answer([before], segmenter, { further: true }) : [];
    const refined = answered?.refined ?? null;
    const { ambiguous: _, ...ask } = chain.ask(layer, last, refined, this.image, segmenter.maskSide);
    const [[prediction]] = await segmenter.predict(layer.slice, [ask], { multimask: false });
    return candidate(prediction);
  }

  private async answer(
    layers: readonly Layer[],
    segmenter: Segmenter,
    { further = false, signal }: { readonly further?: boolean; readonly signal?: AbortSignal },
  ) {
    const open = layers.map((layer) => {
      const chain = this.chain(layer);
      const at = chain.begin(layer, segmenter.key, further);
      // Held here as long as it is needed, whatever is forgotten meanwhile.
      return { layer, chain, at, refined: chain.refined(layer, at) };
    });
    for (;;) {
      const waiting = open.filter(({ layer, at }) => at < layer.prompts.length);
      if (waiting.length === 0) return open;
      const asked = waiting.map(({ layer, chain, at, refined }) =>
        chain.ask(layer, at, refined, this.image, segmenter.maskSide),
      );
      const answers = await predicted(layers[0].slice, asked, segmenter, signal);
      waiting.forEach((one, index) => {
        const { layer, chain } = one;
        chain.take(layer.prompts[one.at++], answers[index].map(candidate));
        one.refined = chain.refined(layer, one.at);
      });
    }
  }

  /** Lets go of the answers of layers that are not wanted; they are asked for again where a prompt refines them. */
  forget(isWanted: (key: string) => boolean): void {
    for (const [key, chain] of this.chains) {
      if (isWanted(key)) continue;
      chain.forget();
      this.chains.delete(key);
    }
  }

  private chain({ object, slice }: Layer): AnswerChain {
    const key = layerKey(object, slice);
    let chain = this.chains.get(key);
    if (chain === undefined) this.chains.set(key, (chain = new AnswerChain()));
    return chain;
  }
}

/**
 * The model's single answer for each, and for a lone click the three that it offers besides: what a click means is then
 * for the person to say. The single one stands first: it is the one that training and evaluation measure.
 */
async function predicted(
  slice: number,
  asked: readonly (ObjectPrompts & { readonly ambiguous: boolean })[],
  segmenter: Segmenter,
  signal?: AbortSignal,
): Promise<Prediction[][]> {
  const answers = new Array<Prediction[]>(asked.length);
  for (const lone of [true, false]) {
    const places = asked.flatMap(({ ambiguous }, index) => (ambiguous === lone ? [index] : []));
    if (places.length === 0) continue;
    const objects = places.map((index) => asked[index]);
    const given = await segmenter.predict(slice, objects, { multimask: lone && 'all', signal });
    places.forEach((index, place) => (answers[index] = given[place]));
  }
  return answers;
}

function candidate({ mask, iou, lowRes }: Prediction): Candidate {
  const patch = encodeMaskPatch(mask);
  return { mask: patch, iou, area: patch === null ? 0 : areaOf(patch), lowRes };
}

/** Pixels: every second number of the runs is how many are set. */
const areaOf = (patch: MaskPatch): number =>
  onesOf(patch).reduce((sum, length, index) => (index % 2 === 1 ? sum + length : sum), 0);
