import type { MaskPatch, MaskUpdate, ObjectSlice } from '../../protocol';
import { cropMask, decodeMaskPatch } from '../imaging';
import { encodeMaskBox } from '../imaging/maskPatch';
import { type Layer, layerKey } from './content';
import type { LayerMask } from './layerMasks';
import { changedBox } from './maskEdits';

/** Shorter masks are told whole: what a part of them would save is not worth the work. */
const wholeLength = 600;

/** What was last told of a mask. */
interface Told {
  readonly revision: number;
  readonly patch: MaskPatch | null;
}

/** Says what masks are now, in as few bytes as those need who know what was told before. */
export class MaskUpdates {
  private readonly told = new Map<string, Told>();

  constructor(
    private readonly size: { readonly width: number; readonly height: number },
    /** Of everything that has not changed since the session was opened. */
    private readonly firstRevision: number,
  ) {}

  whole(layer: Layer, mask: LayerMask | null): ObjectSlice {
    const patch = mask?.patch ?? null;
    const key = layerKey(layer.object, layer.slice);
    const revision = this.told.get(key)?.revision ?? this.firstRevision;
    this.told.set(key, { revision, patch });
    return described(layer.object, layer.slice, layer, mask, revision, { whole: true, patch });
  }

  /** `layer` undefined: nothing is there any more. */
  change(
    object: string,
    slice: number,
    layer: Layer | undefined,
    mask: LayerMask | null | undefined,
    revision: number,
  ): ObjectSlice {
    const key = layerKey(object, slice);
    const patch = mask?.patch ?? null;
    const update = this.update(this.told.get(key), patch);
    this.told.set(key, { revision, patch });
    return described(object, slice, layer, mask, revision, update);
  }

  private update(before: Told | undefined, patch: MaskPatch | null): MaskUpdate {
    const whole: MaskUpdate = { whole: true, patch };
    if (before === undefined || before.patch === null || patch === null || patch.runs.length < wholeLength)
      return whole;
    const { width, height } = this.size;
    const now = decodeMaskPatch(patch, width, height);
    const box = changedBox(decodeMaskPatch(before.patch, width, height), now);
    // Nothing changed: a pixel is enough to say so.
    const [x, y, x1, y1] = box ?? [patch.x, patch.y, patch.x + 1, patch.y + 1];
    const part = encodeMaskBox(cropMask(now, [x, y, x1, y1]), x, y);
    return part.runs.length < patch.runs.length ? { whole: false, since: before.revision, patch: part } : whole;
  }
}

function described(
  object: string,
  slice: number,
  layer: Layer | undefined,
  mask: LayerMask | null | undefined,
  revision: number,
  update: MaskUpdate,
): ObjectSlice {
  return {
    object,
    slice,
    revision,
    prompts: (layer?.prompts ?? []).map(({ id, prompt }) => ({ id, prompt })),
    mask: update,
    area: mask?.area ?? 0,
    iou: mask?.iou ?? null,
    candidates: [...(mask?.candidates ?? [])],
    chosen: mask?.chosen ?? null,
    source: mask?.source ?? 'none',
  };
}
