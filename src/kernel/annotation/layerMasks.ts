import { createHash } from 'node:crypto';
import type { MaskCandidate, MaskPatch, ObjectSlice } from '../../protocol';
import { decodeMaskPatch, encodeMaskPatch, type Mask } from '../imaging';
import { areaOfPatch } from '../imaging/maskPatch';
import { Answers } from './answers';
import { type Layer, layerKey, strokesOf } from './content';
import type { AnswerRecord } from './edits';
import { edited } from './maskEdits';
import type { Segmenter } from './segmenter';

/** What an object shows on a slice. */
export interface LayerMask {
  readonly patch: MaskPatch | null;
  /** Pixels. */
  readonly area: number;
  readonly iou: number | null;
  readonly candidates: readonly MaskCandidate[];
  readonly chosen: number | null;
  readonly source: ObjectSlice['source'];
}

/** Bitmaps of the layers that were drawn on last: the next stroke begins from there. */
const keptBitmaps = 4;

/** The masks of a session's layers: computed once, and remembered as long as the layer may come back. */
export class LayerMasks {
  private readonly answers: Answers;
  private readonly masks = new WeakMap<Layer, LayerMask>();
  /** By `digest`: what the journal knows, and what was answered since. */
  private readonly records = new Map<string, AnswerRecord>();
  private readonly digests = new WeakMap<Layer, string>();
  private readonly bitmaps = new Map<string, { readonly layer: Layer; readonly mask: Mask }>();

  constructor(private readonly size: { readonly width: number; readonly height: number }) {
    this.answers = new Answers(size);
  }

  restore(record: AnswerRecord): void {
    this.records.set(record.asked, record);
  }

  /** Knows what these masks know: they were asked for the same session. */
  adopt({ records }: LayerMasks): void {
    for (const [asked, record] of records) this.records.set(asked, record);
  }

  /**
   * Lets go of what no `reachable` layer needs.
   * @param isRefined whether a further prompt on a layer of that key is likely: its answers stay
   */
  forget(reachable: readonly Layer[], isRefined: (key: string) => boolean): void {
    const needed = new Set(reachable.map((layer) => this.digest(layer)));
    for (const asked of this.records.keys()) if (!needed.has(asked)) this.records.delete(asked);
    for (const key of this.bitmaps.keys()) if (!isRefined(key)) this.bitmaps.delete(key);
    this.answers.forget(isRefined);
  }

  /** The record that gives the mask of a layer, where a model had to. */
  recordOf(layer: Layer): AnswerRecord | null {
    return this.records.get(this.digest(layer)) ?? null;
  }

  /** What is known without asking a model; null where one has to be asked. */
  known(layer: Layer): LayerMask | null {
    const computed = this.masks.get(layer);
    if (computed !== undefined) return computed;
    if (layer.prompts.length === 0) return this.keep(layer, null);
    const record = this.recordOf(layer);
    return record === null ? null : this.keep(layer, record.candidates);
  }

  /** Asks the model for these layers of one slice. @returns what is new, for the journal. */
  async ask(layers: readonly Layer[], segmenter: Segmenter, signal?: AbortSignal): Promise<AnswerRecord[]> {
    const prompted = layers.filter(({ prompts }) => prompts.length > 0);
    if (prompted.length === 0) return [];
    const answers = await this.answers.of(prompted, segmenter, signal);
    return prompted.map((layer, index) => {
      const { object, slice } = layer;
      const candidates = answers[index].map(({ mask, iou, area }) => ({ mask, iou, area }));
      const asked = this.digest(layer);
      const record: AnswerRecord = { edit: 'answer', object, slice, asked, model: segmenter.label, candidates };
      this.records.set(asked, record);
      this.bitmaps.delete(layerKey(object, slice));
      this.keep(layer, candidates);
      return record;
    });
  }

  /** What the last prompt of this layer, which is not one of the session's, would give. */
  async preview(layer: Layer, segmenter: Segmenter): Promise<{ mask: MaskPatch | null; iou: number }> {
    const { mask, iou } = await this.answers.preview(layer, segmenter);
    const strokes = strokesOf(layer);
    if (strokes.length === 0) return { mask, iou };
    const { width, height } = this.size;
    const under = mask === null ? blank(width, height) : decodeMaskPatch(mask, width, height);
    return { mask: encodeMaskPatch(edited(under, strokes)), iou };
  }

  private keep(layer: Layer, candidates: readonly { mask: MaskPatch | null; iou: number; area: number }[] | null) {
    const choice = Math.min(layer.choices.at(-1) ?? 0, (candidates?.length ?? 1) - 1);
    const answer = candidates?.[choice] ?? null;
    const given = candidates === null ? (layer.base ?? null) : (answer?.mask ?? null);
    const patch = layer.operations.length === 0 ? given : encodeMaskPatch(this.drawn(layer, given));
    const offered = candidates !== null && candidates.length > 1;
    const mask: LayerMask = {
      patch,
      area: patch === null ? 0 : areaOfPatch(patch),
      iou: answer?.iou ?? null,
      candidates: offered ? candidates.map(({ iou, area }) => ({ iou, area })) : [],
      chosen: offered ? choice : null,
      source: sourceOf(layer),
    };
    this.masks.set(layer, mask);
    return mask;
  }

  /** The mask after the operations, beginning from the last bitmap where that went the same way. */
  private drawn(layer: Layer, given: MaskPatch | null): Mask {
    const { width, height } = this.size;
    const key = layerKey(layer.object, layer.slice);
    const last = this.bitmaps.get(key);
    const goesOn = last !== undefined && continues(last.layer, layer);
    const from = goesOn ? last.mask : given === null ? blank(width, height) : decodeMaskPatch(given, width, height);
    const mask = edited(from, layer.operations.slice(goesOn ? last.layer.operations.length : 0));
    this.bitmaps.delete(key);
    this.bitmaps.set(key, { layer, mask });
    for (const oldest of [...this.bitmaps.keys()].slice(0, -keptBitmaps)) this.bitmaps.delete(oldest);
    return mask;
  }

  /** Names what a model is asked for a layer. */
  private digest(layer: Layer): string {
    let digest = this.digests.get(layer);
    if (digest === undefined) {
      const { object, slice, base, prompts, choices } = layer;
      const asked = JSON.stringify([object, slice, base ?? null, prompts, choices.slice(0, -1)]);
      digest = createHash('sha256').update(asked).digest('base64url').slice(0, 22);
      this.digests.set(layer, digest);
    }
    return digest;
  }
}

const blank = (width: number, height: number): Mask => ({ width, height, data: new Uint8Array(width * height) });

/** Whether `later` is `earlier` with further operations. */
function continues(earlier: Layer, later: Layer): boolean {
  const { base, prompts, choices, operations } = earlier;
  return (
    later.base === base &&
    later.prompts === prompts &&
    later.choices === choices &&
    operations.every((operation, index) => operation === later.operations[index])
  );
}

function sourceOf({ operations, prompts, base }: Layer): ObjectSlice['source'] {
  if (operations.length > 0) return 'edited';
  if (prompts.length > 0) return 'model';
  return base === undefined ? 'none' : 'propagated';
}
