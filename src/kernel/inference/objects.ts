import type { PromptSet } from '../datasets/types';
import { tokenCount, type ModelPrompts } from '../sam/promptTokens';
import { toModel, type Geometry } from './preprocess';
import type { Multimask } from './types';

/** One object, where the model sees it. */
export interface PlacedObject {
  readonly index: number;
  readonly placed: ModelPrompts;
  readonly previous: Float32Array | null;
  /** Which of the decoder's four masks answer. */
  readonly tokens: readonly number[];
}

/** Prompts in pixels of the original image → in the model’s. */
export const place = ({ points, box }: PromptSet, geometry: Geometry): ModelPrompts => ({
  points: points.map(({ x, y, label }) => {
    const [mx, my] = toModel(geometry, x, y);
    return { x: mx, y: my, label };
  }),
  box: box === null ? null : [...toModel(geometry, box[0], box[1]), ...toModel(geometry, box[2], box[3])],
});

/** Which of the decoder's masks answer (`Multimask`), in its order. */
export function maskTokens({ points, box }: PromptSet, hasPrevious: boolean, multimask: Multimask): readonly number[] {
  if (multimask === 'all') return [0, 1, 2, 3];
  const lone = points.length === 1 && box === null && !hasPrevious;
  return (multimask === 'auto' ? lone : multimask) ? [1, 2, 3] : [0];
}

/** Objects of equally many tokens, at most `limit` together. */
export function alike(objects: readonly PlacedObject[], limit: number): PlacedObject[][] {
  const groups: PlacedObject[][] = [];
  const filling = new Map<number, PlacedObject[]>();
  for (const object of objects) {
    const tokens = tokenCount(object.placed);
    const known = filling.get(tokens);
    if (known !== undefined && known.length < limit) known.push(object);
    else {
      const group = [object];
      groups.push(group);
      filling.set(tokens, group);
    }
  }
  return groups;
}
