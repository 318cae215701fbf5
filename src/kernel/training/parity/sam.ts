import { UserError } from '../../errors';
import { compile, input, sizeOf, slice, tensorData, type TensorData } from '../../graph';
import { originalLogits } from '../../inference/postprocess';
import type { Executor } from '../../runtime/types';
import { gridOf, maskTokens, type SamConfig } from '../../sam/config';
import { densePositions } from '../../sam/promptEncoder';
import { promptBatches, type PromptBatch } from '../../sam/promptBatches';
import type { ModelPrompts } from '../../sam/promptTokens';
import { decodePrompts, encodeImages, type SamModel } from '../../sam/sam';
import { bare } from '../../sam/seams';
import { mixedWeights, within } from '../../sam/weights';
import type { ParityTable } from './compare';
import type { ParityFolder } from './folder';

export type Tensors = ReadonlyMap<string, TensorData>;

/** A tensor that the goldens must have. @throws UserError naming it. */
export function golden(tensors: Tensors, name: string): TensorData {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new UserError(`the goldens have no tensor ${name}: write the folder again`);
  return tensor;
}

/** Compiles, runs once, releases. */
export async function runOnce(
  executor: Executor,
  name: string,
  outputs: Parameters<typeof compile>[1],
  feeds: Record<string, TensorData>,
): Promise<Record<string, TensorData>> {
  const loaded = await executor.load(compile(name, outputs));
  try {
    return await executor.run(loaded, feeds);
  } finally {
    await executor.release(loaded);
  }
}

/** A golden's prompts, image by image: points [B, P, 2] with labels [B, P], and a box [B, 4], each where present. */
function promptsOf(io: Tensors, prefix: string): ModelPrompts[] {
  const [pts, lab, box] = ['pts', 'lab', 'box'].map((part) => io.get(`${prefix}${part}`));
  const batch = (pts ?? box ?? golden(io, `${prefix}pts`)).shape[0];
  return Array.from({ length: batch }, (_, b) => {
    const count = pts?.shape[1] ?? 0;
    return {
      points: Array.from({ length: count }, (_, p) => ({
        x: pts!.data[2 * (b * count + p)],
        y: pts!.data[2 * (b * count + p) + 1],
        label: lab!.data[b * count + p] === 1 ? 1 : 0,
      })),
      box: box === undefined ? null : ([...box.data.subarray(4 * b, 4 * b + 4)] as [number, number, number, number]),
    };
  });
}

/** Token tensors of prompts that are as many for every image. */
export const promptFeeds = (io: Tensors, prefix: string): PromptBatch => promptBatches(promptsOf(io, prefix))[0];

/** Frozen SAM: encoder, dense positions, every kind of prompt, one post-processed mask; from either checkpoint format. */
export async function checkSam(folder: ParityFolder, executor: Executor, table: ParityTable): Promise<void> {
  const config = folder.config.sam;
  const io = await folder.tensors('sam_io.safetensors');
  const weights = mixedWeights(new Map(), await folder.tensors('sam.safetensors'));
  if (folder.has('sam.pth')) {
    const pth = await folder.tensors('sam.pth');
    for (const [name, tensor] of await folder.tensors('sam.safetensors')) {
      table.compare('checkpoint .pth = .safetensors', 0, name, golden(pth, name), tensor);
    }
  }
  const model = { config, weights, seams: bare };
  const image = golden(io, 'image');
  const encoded = await runOnce(
    executor,
    'parity-encoder',
    {
      embedding: encodeImages(model, input('image', image.shape)),
      dense_pe: densePositions(within(weights, 'prompt_encoder'), config),
    },
    { image },
  );
  for (const name of ['embedding', 'dense_pe']) {
    table.compare('sam encoder', table.tolerances.outputs, name, encoded[name], golden(io, name));
  }

  for (const kind of ['point1', 'points3', 'box', 'point_box', 'point_mask']) {
    const feeds = { ...promptFeeds(io, `${kind}.`), masks: io.get(`${kind}.mask`) };
    const outputs = await decode(executor, model, golden(io, 'embedding'), feeds);
    for (const part of answerParts) {
      const [ours, expected] = [outputs[part], golden(io, `${kind}.${part}`)];
      table.compare(`sam decoder ${kind}`, table.tolerances.outputs, `${kind}.${part}`, ours, expected);
    }
    const [name] = [...io.keys()].filter((key) => key.startsWith(`${kind}.postprocessed_`));
    if (name !== undefined) comparePostprocessed(table, name, outputs['masks.multi'], golden(io, name), config);
  }
  if (io.has('mixed.masks.single')) await checkMixed(executor, model, io, table);
}

const answerParts = ['masks.single', 'masks.multi', 'iou.single', 'iou.multi'] as const;
type Answer = Record<(typeof answerParts)[number], TensorData>;

/** Objects of the first image with different numbers of prompts, in batches; the goldens asked for each alone. */
async function checkMixed(executor: Executor, model: SamModel, io: Tensors, table: ParityTable): Promise<void> {
  const count = golden(io, 'mixed.masks.single').shape[0];
  const objects = Array.from({ length: count }, (_, object) => promptsOf(io, `mixed.${object}.`)[0]);
  const embedding = golden(io, 'embedding');
  for (const batch of promptBatches(objects)) {
    const firstImage = batch.members.map(() => 0);
    const outputs = await decode(executor, model, rows(embedding, firstImage), batch);
    for (const part of answerParts) {
      const expected = rows(golden(io, `mixed.${part}`), batch.members);
      table.compare('sam decoder mixed', table.tolerances.outputs, `mixed.${part}`, outputs[part], expected);
    }
  }
}

/** Entries of the first axis. */
function rows({ shape: [, ...shape], data }: TensorData, places: readonly number[]): TensorData {
  const size = sizeOf(shape);
  const taken = new Float32Array(places.length * size);
  places.forEach((place, row) => taken.set(data.subarray(place * size, (place + 1) * size), row * size));
  return tensorData([places.length, ...shape], taken);
}

/** embedding: [B, C, g, g]; one prompt set for each. */
async function decode(
  executor: Executor,
  model: SamModel,
  embedding: TensorData,
  { points, labels, masks }: Pick<PromptBatch, 'points' | 'labels'> & { readonly masks?: TensorData },
): Promise<Answer> {
  const batch = embedding.shape[0];
  const side = 4 * gridOf(model.config);
  const feeds = {
    embedding,
    points,
    labels,
    masks: masks ?? tensorData([batch, 1, side, side], new Float32Array(batch * side * side)),
    has_mask: tensorData([batch], new Float32Array(batch).fill(masks === undefined ? 0 : 1)),
  };
  const out = decodePrompts(model, input('embedding', embedding.shape), {
    points: input('points', points.shape),
    labels: input('labels', labels.shape),
    masks: input('masks', feeds.masks.shape),
    hasMask: input('has_mask', [batch]),
  });
  const outputs = await runOnce(
    executor,
    `parity-decoder-${labels.shape.join('x')}`,
    {
      'masks.single': slice(out.masks, 1, 0, 1),
      'masks.multi': slice(out.masks, 1, 1, maskTokens),
      'iou.single': slice(out.iou, 1, 0, 1),
      'iou.multi': slice(out.iou, 1, 1, maskTokens),
    },
    feeds,
  );
  return outputs as Answer;
}

/** `postprocessed_HxW` names the resized height and width in the padded square; the golden has the original's size. */
function comparePostprocessed(
  table: ParityTable,
  name: string,
  lowRes: TensorData,
  expected: TensorData,
  config: SamConfig,
): void {
  const [height, width] = name.split('_').at(-1)!.split('x').map(Number);
  const [, , originalHeight, originalWidth] = expected.shape;
  const side = lowRes.shape[3];
  const maps = Array.from({ length: lowRes.data.length / (side * side) }, (_, index) =>
    originalLogits(
      { data: lowRes.data.subarray(index * side * side, (index + 1) * side * side), width: side, height: side },
      config.imageSize,
      { width, height },
      { width: originalWidth, height: originalHeight },
    ),
  );
  const ours = new Float32Array(expected.data.length);
  maps.forEach(({ data }, index) => ours.set(data, index * data.length));
  table.compare('sam post-processing', table.tolerances.outputs, name, tensorData(expected.shape, ours), expected);
}
