import type { AnnotationObject, MaskPatch } from '../../protocol';
import type { Edit, KeptPrompt } from './edits';
import type { MaskOperation } from './maskEdits';

/**
 * One object on one slice, as edits left it. The mask is the model's answer to the prompts (without any: `base`), then
 * the operations. Never changed: an edit puts another one in its place, and what is the same one has the same mask.
 */
export interface Layer {
  readonly object: string;
  readonly slice: number;
  /** A mask that was handed on to this slice; the prompts refine it. undefined: there was none. */
  readonly base: MaskPatch | null | undefined;
  readonly prompts: readonly KeptPrompt[];
  /** Which candidate answered each prompt; null: the first one. The next prompt refines that one. */
  readonly choices: readonly (number | null)[];
  readonly operations: readonly MaskOperation[];
}

export const layerKey = (object: string, slice: number): string => `${slice}\n${object}`;

const empty = (object: string, slice: number): Layer => ({
  object,
  slice,
  base: undefined,
  prompts: [],
  choices: [],
  operations: [],
});

const isEmpty = ({ base, prompts, operations }: Layer): boolean =>
  base === undefined && prompts.length === 0 && operations.length === 0;

/** Strokes lie on top of whatever answers; a clean-up was meant for what was seen then. */
export const strokesOf = ({ operations }: Pick<Layer, 'operations'>): readonly MaskOperation[] =>
  operations.filter(({ op }) => op === 'stroke');

/** What an edit puts where; undefined: nothing is there any more. */
export interface Change {
  readonly objects?: readonly AnnotationObject[];
  readonly layers: ReadonlyMap<string, Layer | undefined>;
}

export interface Content {
  readonly objects: readonly AnnotationObject[];
  readonly layers: ReadonlyMap<string, Layer>;
}

/** What an edit changes; null where it changes nothing (its object or prompt is gone). */
export function changeOf(content: Content, edit: Edit): Change | null {
  const known = (id: string): boolean => content.objects.some((object) => object.id === id);
  const layerOf = (object: string, slice: number): Layer =>
    content.layers.get(layerKey(object, slice)) ?? empty(object, slice);
  const put = (layers: readonly Layer[]): Change => ({
    layers: new Map(layers.map((layer) => [layerKey(layer.object, layer.slice), isEmpty(layer) ? undefined : layer])),
  });
  /** `from`: the first prompt that another answer was given to. */
  const answered = (layer: Layer, prompts: readonly KeptPrompt[], from: number): Change => {
    const choices = prompts.map((_, index) => (index < from ? layer.choices[index] : null));
    return put([{ ...layer, prompts, choices, operations: strokesOf(layer) }]);
  };
  const without = (keep: (layer: Layer) => boolean): Change['layers'] =>
    new Map([...content.layers].filter(([, layer]) => !keep(layer)).map(([key]) => [key, undefined]));

  switch (edit.edit) {
    case 'object/add':
      return known(edit.object.id) ? null : { objects: [...content.objects, edit.object], layers: new Map() };
    case 'object/remove': {
      if (!known(edit.object) || content.objects.length === 1) return null;
      const objects = content.objects.filter(({ id }) => id !== edit.object);
      return { objects, layers: without(({ object }) => object !== edit.object) };
    }
    case 'object/change': {
      if (!known(edit.object)) return null;
      const change = (object: AnnotationObject) =>
        object.id === edit.object ? { ...object, ...edit.properties } : object;
      return { objects: content.objects.map(change), layers: new Map() };
    }
    case 'prompt/add': {
      const layer = layerOf(edit.object, edit.slice);
      if (!known(edit.object) || layer.prompts.some(({ id }) => id === edit.id)) return null;
      return answered(layer, [...layer.prompts, kept(edit)], layer.prompts.length);
    }
    case 'prompt/move': {
      const layer = layerOf(edit.object, edit.slice);
      const at = layer.prompts.findIndex(({ id }) => id === edit.id);
      return at < 0 ? null : answered(layer, layer.prompts.with(at, kept(edit)), at);
    }
    case 'prompt/remove': {
      const layer = layerOf(edit.object, edit.slice);
      const at = layer.prompts.findIndex(({ id }) => id === edit.id);
      return at < 0 ? null : answered(layer, layer.prompts.toSpliced(at, 1), at);
    }
    case 'choose': {
      const layer = layerOf(edit.object, edit.slice);
      if (layer.prompts.length === 0) return null;
      return put([{ ...layer, choices: layer.choices.with(-1, edit.candidate), operations: strokesOf(layer) }]);
    }
    case 'stroke': {
      if (!known(edit.object)) return null;
      const layer = layerOf(edit.object, edit.slice);
      const { erase, points, radius } = edit;
      return put([
        { ...layer, operations: [...layer.operations, { op: 'stroke', stroke: { erase, points, radius } }] },
      ]);
    }
    case 'clean': {
      const layers = edit.slices.map((slice) => layerOf(edit.object, slice)).filter((layer) => !isEmpty(layer));
      if (layers.length === 0) return null;
      return put(layers.map((layer) => ({ ...layer, operations: [...layer.operations, { op: edit.how }] })));
    }
    case 'clear': {
      const layers = without(
        ({ object, slice }) =>
          (edit.object !== null && object !== edit.object) || (edit.slice !== null && slice !== edit.slice),
      );
      return layers.size === 0 ? null : { layers };
    }
    case 'masks':
      if (!known(edit.object) || edit.masks.length === 0) return null;
      return put(edit.masks.map(([slice, base]) => ({ ...empty(edit.object, slice), base })));
  }
}

function kept({ id, prompt, patch }: Extract<Edit, { edit: 'prompt/add' | 'prompt/move' }>): KeptPrompt {
  return patch === undefined ? { id, prompt } : { id, prompt, patch };
}
