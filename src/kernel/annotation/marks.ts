// Where in an image something is annotated.
import type { MaskPatch, SliceMarks } from '../../protocol';
import type { Content } from './content';
import type { LayerMasks } from './layerMasks';

/** Slices of each object that hold prompts or, as far as is known, a mask. */
export function marksOf({ objects, layers }: Content, masks: LayerMasks): SliceMarks[] {
  const ascending = [...layers.values()].sort((a, b) => a.slice - b.slice);
  return objects.map(({ id }) => {
    const own = ascending.filter(({ object }) => object === id);
    const areas = own.map((layer) => ({ slice: layer.slice, area: masks.known(layer)?.area ?? 0 }));
    const masked = areas.filter(({ area }) => area > 0);
    const prompted = own.filter(({ prompts }) => prompts.length > 0);
    return {
      object: id,
      prompted: prompted.map(({ slice }) => slice),
      masked: masked.map(({ slice }) => slice),
      areas: masked.map(({ area }) => area),
    };
  });
}

/** Slices on which an object, or any (null), has prompts, strokes or a mask; ascending. */
export function annotatedSlices({ layers }: Content, object: string | null): number[] {
  const own = [...layers.values()].filter((layer) => object === null || layer.object === object);
  return [...new Set(own.map(({ slice }) => slice))].sort((a, b) => a - b);
}

/** Masks of an object, as far as they are known, by slice. */
export function patchesOf({ layers }: Content, masks: LayerMasks, object: string): [number, MaskPatch][] {
  return [...layers.values()].flatMap((layer): [number, MaskPatch][] => {
    const patch = layer.object === object ? masks.known(layer)?.patch : null;
    return patch ? [[layer.slice, patch]] : [];
  });
}
