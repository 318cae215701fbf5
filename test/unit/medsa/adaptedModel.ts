// A tiny SAM with something attached, asked one point per image.
import { Random } from '../../../src/kernel/datasets';
import { input, tensorData, type Tensor, type TensorData } from '../../../src/kernel/graph';
import { attachedSeams, attachmentShapes } from '../../../src/kernel/medsa/attachment';
import { defaultAdapters, type AdapterOptions, type AttachmentOptions } from '../../../src/kernel/medsa/options';
import { gridOf, type SamConfig } from '../../../src/kernel/sam/config';
import { decodePrompts, encodeImages } from '../../../src/kernel/sam/sam';
import { mixedWeights } from '../../../src/kernel/sam/weights';
import { runWithOrt } from '../../support/ort';
import { randomTensor } from '../../support/tensors';
import { tinyConfig, tinyTensors } from '../../support/tinyModel';

export const options = (changed: Partial<AdapterOptions> = {}): AdapterOptions => ({
  ...defaultAdapters(tinyConfig),
  ...changed,
});

export const randomAttachment = (config: SamConfig, attached: AttachmentOptions): Map<string, TensorData> => {
  const random = new Random(8);
  return new Map([...attachmentShapes(config, attached)].map(([name, shape]) => [name, randomTensor(random, shape)]));
};

export interface Answer {
  readonly embedding: TensorData;
  readonly masks: TensorData;
  readonly iou: TensorData;
}

/**
 * The masks, IoU estimates and embedding of a batch of images, one point each. `values` are the attached tensors, and
 * replacements of the base's. `fed`: they are inputs of the program, as in training, not its constants. `fusing`: ONNX
 * Runtime may make one kernel of several operators.
 */
export async function answer(
  config: SamConfig,
  images: TensorData,
  attached: AttachmentOptions | null,
  values: ReadonlyMap<string, TensorData>,
  { fed = false, fusing = true } = {},
): Promise<Answer> {
  const inputs = new Map<string, Tensor>();
  if (fed) for (const [name, { shape }] of values) inputs.set(name, input(name, shape));
  const weights = mixedWeights(inputs, new Map([...tinyTensors(1, config), ...values]));
  const model = { config, weights, seams: attachedSeams(weights, attached) };
  const [batch] = images.shape;
  const side = 4 * gridOf(config);
  const embedding = encodeImages(model, input('image', images.shape));
  const { masks, iou } = decodePrompts(model, embedding, {
    points: input('points', [batch, 2, 2]),
    labels: input('labels', [batch, 2]),
    masks: input('mask_prompt', [batch, 1, side, side]),
    hasMask: input('has', [batch]),
  });
  const outputs = await runWithOrt(
    { embedding, masks, iou },
    {
      ...Object.fromEntries(values),
      image: images,
      points: tensorData(
        [batch, 2, 2],
        Float32Array.from({ length: 4 * batch }, (_, i) => 5 + 3 * i),
      ),
      labels: tensorData(
        [batch, 2],
        Float32Array.from({ length: 2 * batch }, (_, i) => (i % 2 === 0 ? 1 : -1)),
      ),
      mask_prompt: tensorData([batch, 1, side, side], new Float32Array(batch * side * side)),
      has: tensorData([batch], new Float32Array(batch)),
    },
    fusing ? 'all' : 'basic',
  );
  return { embedding: outputs.embedding, masks: outputs.masks, iou: outputs.iou };
}
