import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTensors, writeSafetensors } from '../../../src/kernel/checkpoints';
import { input, tensorData, type TensorData } from '../../../src/kernel/graph';
import { composeModel, readModel } from '../../../src/kernel/inference';
import { inOwnNames } from '../../../src/kernel/sam/checkpointNames';
import { fromHuggingFace } from '../../../src/kernel/sam/huggingFaceNames';
import { decodePrompts, encodeImages } from '../../../src/kernel/sam/sam';
import { runWithOrt } from '../../support/ort';
import { projectRoot } from '../../support/projectRoot';
import { temporaryFolder } from '../../support/temporaryFolder';
import { expectClose } from '../../support/tensors';
import { tinyTensors, writeTinyModel } from '../../support/tinyModel';

// `transformers` itself wrote these: test/fixtures/checkpoints/make.py.
const fixtures = path.join(projectRoot, 'test', 'fixtures', 'checkpoints');
const folder = temporaryFolder('names');

describe('a SAM of transformers', () => {
  it('computes here what it computes there', async () => {
    const file = await readModel(path.join(fixtures, 'hugging-face.safetensors'));
    const { tensors: io } = await readTensors(path.join(fixtures, 'hugging-face-io.safetensors'));
    const model = composeModel(file, null);
    const { shape } = io.get('embedding')!;
    const image = input('image', io.get('image')!.shape);
    const side = 4 * shape[2];
    const { masks, iou } = decodePrompts(model, input('embedding', shape), {
      points: input('points', [1, 3, 2]),
      labels: input('labels', [1, 3]),
      masks: input('masks', [1, 1, side, side]),
      hasMask: input('has_mask', [1]),
    });
    const encoded = await runWithOrt({ embedding: encodeImages(model, image) }, { image: io.get('image')! });
    expectClose(encoded.embedding, io.get('embedding')!, 1e-5, 'embedding');
    const decoded = await runWithOrt(
      { low_res_masks: masks, iou },
      {
        embedding: io.get('embedding')!,
        // The two points of make.py and what SAM adds to points without a box.
        points: tensorData([1, 3, 2], [5, 9, 12, 3, 0, 0]),
        labels: tensorData([1, 3], [1, 0, -1]),
        masks: tensorData([1, 1, side, side], new Float32Array(side * side)),
        has_mask: tensorData([1], [0]),
      },
    );
    // There the single mask is left out when several are asked for.
    const several = (all: TensorData): TensorData =>
      tensorData([1, 3, ...all.shape.slice(2)], all.data.slice(all.data.length / 4));
    expectClose(several(decoded.low_res_masks), io.get('masks')!, 1e-5, 'masks');
    expectClose(several(decoded.iou), io.get('iou')!, 1e-5, 'IoU');
  });

  it('keeps what it does not know under its name', () => {
    const names = [
      'vision_encoder.neck.conv3.weight',
      'mask_decoder.upscale_conv3.bias',
      'mask_decoder.iou_prediction_head.proj_in.bias',
      'mask_decoder.iou_prediction_head.layers.1.bias',
      'mask_decoder.iou_prediction_head.layers.0.bias',
      'mask_decoder.iou_prediction_head.proj_out.bias',
      'mask_decoder.output_hypernetworks_mlps.2.proj_out.weight',
    ];
    expect([...fromHuggingFace(names).values()]).toEqual([
      'vision_encoder.neck.conv3.weight',
      'mask_decoder.upscale_conv3.bias',
      'mask_decoder.iou_prediction_head.layers.0.bias',
      'mask_decoder.iou_prediction_head.layers.2.bias',
      'mask_decoder.iou_prediction_head.layers.1.bias',
      'mask_decoder.iou_prediction_head.layers.3.bias',
      'mask_decoder.output_hypernetworks_mlps.2.layers.1.weight',
    ]);
  });
});

describe('what a training script put in front of the names', () => {
  it.each(['module.', 'model.', 'module.sam.'])('%s is left out', async (prefix) => {
    const plain = path.join(folder, 'plain.safetensors');
    await writeTinyModel(plain);
    const { tensors, metadata } = await readTensors(plain);
    const wrapped = path.join(folder, 'wrapped.safetensors');
    await writeSafetensors(
      wrapped,
      new Map([...tensors].map(([name, tensor]) => [`${prefix}${name}`, tensor])),
      metadata,
    );
    expect((await readModel(wrapped)).tensors).toEqual((await readModel(plain)).tensors);
  });

  it('stays where not every name has it', () => {
    const tensors = new Map([...tinyTensors()].map(([name, tensor]) => [`module.${name}`, tensor]));
    tensors.set('head.weight', tensorData([1], [0]));
    expect([...inOwnNames(tensors).keys()]).toEqual([...tensors.keys()]);
  });

  it('is nothing where there is no SAM', () => {
    const names = ['a.weight', 'module.b.weight'];
    expect([...inOwnNames(new Map(names.map((name) => [name, 0]))).keys()]).toEqual(names);
  });
});
