import { sizeOf } from '../../graph';
import type { Tune } from '../../inference';
import { defaultLora } from '../../medsa/options';
import type { SamConfig } from '../../sam/config';
import { samShapes, type ShapeTable } from '../../sam/shapes';
import { attachmentDefaults, type AttachmentChoices } from '../../training/attachment';
import { trainableShapes } from '../../training/trainable';

export const countOf = (shapes: ShapeTable): number =>
  [...shapes.values()].reduce((count, shape) => count + sizeOf(shape), 0);

export const millions = (count: number): string => `${(count / 1e6).toFixed(2)} M`;

/** What trains under one choice of `med-sa train`. */
export interface TrainableCount {
  readonly tune: Tune | 'none';
  /** As on the command line: "--tune adapters --depth sd-trans". */
  readonly options: string;
  readonly parameters: number;
  /** Of all parameters of the base. */
  readonly share: number;
  /** By kind: "encoder space", "decoder prompt", "encoder attention", "mask decoder". */
  readonly kinds: Readonly<Record<string, number>>;
}

export interface ParameterCounts {
  /** All parameters of the base, and of each of its parts. The random projection of positions is none. */
  readonly parameters: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly trainable: readonly TrainableCount[];
}

const variants: readonly (readonly [Tune, options: string, Partial<AttachmentChoices>])[] = [
  ['adapters', '', {}],
  ['adapters', ' --depth sd-trans', { depth: 'sd-trans', slices: 1 }],
  ['adapters', ' --prompt none', { prompt: 'none' }],
  ['adapters', ' --with-decoder', { withDecoder: true }],
  ['adapters', ' --variant released', { variant: 'released' }],
  ['lora', ` --rank ${defaultLora.rank}`, {}],
  ['lora', ` --rank ${defaultLora.rank} --lora-decoder`, { loraDecoder: true }],
  ['decoder', '', {}],
  ['full', '', {}],
];

/** Parameters of a model of these sizes, and how many each way of training it trains. */
export function parameterCounts(config: SamConfig): ParameterCounts {
  const all = new Map([...samShapes(config)].filter(([name]) => !name.endsWith('positional_encoding_gaussian_matrix')));
  const parameters = countOf(all);
  const trainable = variants.map(([tune, options, choices]): TrainableCount => {
    const shapes = trainableShapes(tune, config, { ...attachmentDefaults, ...choices });
    const count = countOf(shapes);
    const kinds = countsBy(shapes, kindOf);
    return { tune, options: `--tune ${tune}${options}`, parameters: count, share: count / parameters, kinds };
  });
  const none: TrainableCount = { tune: 'none', options: '--tune none', parameters: 0, share: 0, kinds: {} };
  return { parameters, parts: countsBy(all, partOf), trainable: [...trainable, none] };
}

/** "image_encoder.blocks.0.…" is of the "image encoder". */
const partOf = (name: string): string => name.split('.')[0].replace('_', ' ');

function kindOf(name: string): string {
  const side = name.startsWith('image_encoder') ? 'encoder' : 'decoder';
  const adapter = /\.(\w+)_adapter\./.exec(name);
  if (adapter !== null) return `${side} ${adapter[1]}`;
  return /\.lora_[ab]$/.test(name) ? `${side} attention` : partOf(name);
}

function countsBy(shapes: ShapeTable, groupOf: (name: string) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [name, shape] of shapes) {
    const group = groupOf(name);
    counts[group] = (counts[group] ?? 0) + sizeOf(shape);
  }
  return counts;
}
