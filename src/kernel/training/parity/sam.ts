import { UserError } from '../../errors';
import { compile, input, slice, tensorData, type TensorData } from '../../graph';
import { originalLogits } from '../../inference/postprocess';
import type { Executor } from '../../runtime/types';
import { gridOf, maskTokens, type SamConfig } from '../../sam/config';
import { densePositions } from '../../sam/promptEncoder';
import { promptTokens } from '../../sam/promptTokens';
import { decodePrompts, encodeImages } from '../../sam/sam';
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

/** Token tensors of a golden's prompts: points [B, P, 2] with labels [B, P], and a box [B, 4], each where present. */
export function promptFeeds(io: Tensors, prefix: string): { points: TensorData; labels: TensorData } {
  const [pts, lab, box] = ['pts', 'lab', 'box'].map((part) => io.get(`${prefix}${part}`));
  const batch = (pts ?? box ?? golden(io, `${prefix}pts`)).shape[0];
  const sets = Array.from({ length: batch }, (_, b) => {
    const count = pts?.shape[1] ?? 0;
    return promptTokens({
      points: Array.from({ length: count }, (_, p) => ({
        x: pts!.data[2 * (b * count + p)],
        y: pts!.data[2 * (b * count + p) + 1],
        label: lab!.data[b * count + p] === 1 ? 1 : 0,
      })),
      box: box === undefined ? null : ([...box.data.subarray(4 * b, 4 * b + 4)] as [number, number, number, number]),
    });
  });
  const tokens = sets[0].labels.length;
  return {
    points: tensorData(
      [batch, tokens, 2],
      sets.flatMap((set) => set.points),
    ),
    labels: tensorData(
      [batch, tokens],
      sets.flatMap((set) => set.labels),
    ),
  };
}

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
    const outputs = await decode(executor, model, golden(io, 'embedding'), io, kind);
    for (const part of ['masks.single', 'masks.multi', 'iou.single', 'iou.multi']) {
      table.compare(
        `sam decoder ${kind}`,
        table.tolerances.outputs,
        `${kind}.${part}`,
        outputs[part],
        golden(io, `${kind}.${part}`),
      );
    }
    const [name] = [...io.keys()].filter((key) => key.startsWith(`${kind}.postprocessed_`));
    if (name !== undefined) comparePostprocessed(table, name, outputs['masks.multi'], golden(io, name), config);
  }
}

async function decode(
  executor: Executor,
  model: Parameters<typeof decodePrompts>[0],
  embedding: TensorData,
  io: Tensors,
  kind: string,
): Promise<Record<string, TensorData>> {
  const { points, labels } = promptFeeds(io, `${kind}.`);
  const batch = embedding.shape[0];
  const side = 4 * gridOf(model.config);
  const masks = io.get(`${kind}.mask`);
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
  return runOnce(
    executor,
    `parity-decoder-${kind}`,
    {
      'masks.single': slice(out.masks, 1, 0, 1),
      'masks.multi': slice(out.masks, 1, 1, maskTokens),
      'iou.single': slice(out.iou, 1, 0, 1),
      'iou.multi': slice(out.iou, 1, 1, maskTokens),
    },
    feeds,
  );
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
