import { promptLabel } from '../sam/promptEncoder';
import { pixelDeviation, pixelMean } from './preprocess';

/** What was exported. */
export interface ExportOrigin {
  readonly model: string;
  readonly modelSha256: string;
  readonly adapters: string | null;
  readonly version: string;
}

interface Sizes {
  /** Side of the square input, pixels. */
  readonly imageSize: number;
  /** Side of the embedding. */
  readonly grid: number;
  readonly channels: number;
}

const port = (name: string, shape: readonly (number | string)[], meaning: string) => ({ name, shape, meaning });

/** `model.json`: everything that a program needs to feed the two graphs and to read their answers. */
export function exportDescription(
  { imageSize, grid, channels }: Sizes,
  origin: ExportOrigin,
  files: readonly string[],
) {
  const low = 4 * grid;
  const embedding = [1, channels, grid, grid];
  const [objects, tokens] = ['batch', 'tokens'];
  return {
    format: 'med-sa-onnx',
    formatVersion: 1,
    ...origin,
    files,
    elementType: 'float32',
    image: {
      side: imageSize,
      resize: 'longest side to `side`, bilinear, aspect kept',
      channels: 'RGB, 0 to 255',
      mean: pixelMean,
      standardDeviation: pixelDeviation,
      padding: 'zeros below and on the right, after normalisation',
    },
    encoder: {
      inputs: [port('image', [1, 3, imageSize, imageSize], 'normalised and padded image')],
      outputs: [port('embedding', embedding, 'fed to the decoder; the same for all prompts on the image')],
    },
    decoder: {
      labels: promptLabel,
      inputs: [
        port('embedding', [objects, ...embedding.slice(1)], 'the encoder’s output, once for each object'),
        port(
          'points',
          [objects, tokens, 2],
          'x, y in pixels of the resized image (x · resized width / width, y alike)',
        ),
        port('labels', [objects, tokens], 'what each token is, one of `labels`'),
        port('masks', [objects, 1, low, low], 'low-resolution logits of an earlier answer, else zeros'),
        port('has_mask', [objects], '1 where `masks` counts, else 0'),
      ],
      outputs: [
        port('low_res_masks', [objects, 4, low, low], 'logits; mask 0 is the single answer, 1 to 3 the ambiguous ones'),
        port('iou', [objects, 4], 'the model’s own estimate of each mask’s IoU'),
      ],
    },
    mask: 'resize the logits to `image.side`, bilinear; crop the padding; resize to the image, bilinear; above 0 is target',
  };
}

export type ExportDescription = ReturnType<typeof exportDescription>;

/** The same for people. */
export function exportReadme({ model, adapters, version, image, decoder, encoder, files }: ExportDescription): string {
  const { labels } = decoder;
  const rows = [
    ...encoder.inputs.map((row) => ({ graph: 'encoder', kind: 'in', ...row })),
    ...encoder.outputs.map((row) => ({ graph: 'encoder', kind: 'out', ...row })),
    ...decoder.inputs.map((row) => ({ graph: 'decoder', kind: 'in', ...row })),
    ...decoder.outputs.map((row) => ({ graph: 'decoder', kind: 'out', ...row })),
  ];
  const table = rows.map(
    (row) => `| ${row.graph} | ${row.kind} | \`${row.name}\` | [${row.shape.join(', ')}] | ${row.meaning} |`,
  );
  return `# ${model}${adapters === null ? '' : ` with ${adapters}`}

Written by Med-SA Notebook ${version}: ${files.join(', ')}. Both graphs use ONNX's standard operators only (opset 20) and run in
every onnxruntime that knows them, onnxruntime-web included. \`model.json\` says the same for programs.

| graph | | name | shape (float32) | meaning |
| --- | --- | --- | --- | --- |
${table.join('\n')}

**Image.** Resize so that the longest side is ${image.side} pixels (bilinear). RGB in 0…255, then per channel
(value − mean) / deviation with mean ${image.mean.join(', ')} and deviation ${image.standardDeviation.join(', ')}; zeros below and on the right up to
${image.side}×${image.side}. One run of the encoder serves any number of prompts.

**Prompts.** Coordinates are pixels of the resized image: multiply x of the original by resized width / width, y by
resized height / height.
Label ${labels.positive} is a point in the target, ${labels.negative} one outside of it, ${labels.boxTopLeft} and ${labels.boxBottomRight} the top left and bottom right corner of a box. Without
a box, end the tokens with (0, 0) and label ${labels.padding}; with one, with its two corners. Any number of tokens and, in one run, of
objects is taken; all objects of a run have the same number of tokens.

**Masks.** \`low_res_masks\` are logits. Resize to ${image.side}×${image.side} (bilinear), crop the padding, resize to the original image
(bilinear); the target is where they exceed 0. To refine an answer, feed its mask back as \`masks\` with \`has_mask\` 1.
`;
}
