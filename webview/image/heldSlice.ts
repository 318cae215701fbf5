import type { MaskCandidate, MaskUpdate, ObjectSlice, PromptEntry } from '../../src/protocol';
import { decodePatch, withPatch } from './maskPixels';
import type { MaskPixels } from './outline';
import type { SliceImage } from './tone';

/** One object on one slice, its mask decoded. */
export interface HeldObject {
  object: string;
  revision: number;
  prompts: readonly PromptEntry[];
  mask: MaskPixels | null;
  iou: number | null;
  candidates: readonly MaskCandidate[];
  chosen: number | null;
  source: ObjectSlice['source'];
}

/** One slice of a plane as far as the page has it. */
export class HeldSlice {
  pixels: SliceImage | null = null;
  readonly objects = new Map<string, HeldObject>();
  /** Of the session, up to which what lies over the pixels is known; -1: nothing is. */
  revision = -1;

  constructor(private readonly size: { width: number; height: number }) {}

  get bytes(): number {
    let bytes = 256 + (this.pixels?.data.byteLength ?? 0);
    for (const { mask, prompts } of this.objects.values())
      bytes += 128 + (mask?.data.length ?? 0) + 128 * prompts.length;
    return bytes;
  }

  /** Everything on the slice as of `revision`; what is held of a later one stays. */
  replace(revision: number, objects: readonly ObjectSlice[]): void {
    for (const [id, held] of this.objects) if (held.revision <= revision) this.objects.delete(id);
    for (const each of objects) this.put(each);
    this.revision = Math.max(this.revision, revision);
  }

  /**
   * A change of one object; says whether it could be applied. A patch to a mask that is not held, or held of another
   * revision, cannot: then the slice has to be asked for again.
   */
  change(update: ObjectSlice): boolean {
    const held = this.objects.get(update.object);
    if (held && held.revision >= update.revision) return true;
    if (!update.mask.whole && held?.revision !== update.mask.since) return false;
    this.put(update);
    this.revision = Math.max(this.revision, update.revision);
    return true;
  }

  private put(update: ObjectSlice): void {
    const held = this.objects.get(update.object);
    if (held && held.revision >= update.revision) return;
    const { object, revision, prompts, iou, candidates, chosen, source } = update;
    const mask = this.updated(held?.mask ?? null, update.mask);
    this.objects.set(object, { object, revision, prompts, mask, iou, candidates, chosen, source });
  }

  private updated(mask: MaskPixels | null, update: MaskUpdate): MaskPixels | null {
    if (!update.patch) return null;
    const patch = decodePatch(update.patch, this.size);
    return update.whole ? patch : withPatch(mask, patch);
  }
}
