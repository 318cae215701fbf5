import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readTensors, writeSafetensors } from '../../../src/kernel/checkpoints';
import { Random } from '../../../src/kernel/datasets';
import { tensorData, type TensorData } from '../../../src/kernel/graph';
import { composeModel, readAdapters, readModel, writeAdapters, type ModelFile } from '../../../src/kernel/inference';
import { exportReleased } from '../../../src/kernel/inference/exportReleased';
import { fileHash } from '../../../src/kernel/inference/modelFile';
import { initialAdapters } from '../../../src/kernel/medsa/initialise';
import { defaultAdapters, releasedAdapters } from '../../../src/kernel/medsa/options';
import { adapterShapes } from '../../../src/kernel/medsa/shapes';
import { temporaryFolder } from '../../support/temporaryFolder';
import { randomTensor } from '../../support/tensors';
import { tinyConfig, tinyTensors, writeTinyModel } from '../../support/tinyModel';
import * as p from '../checkpoints/pickleAssembler';

const folder = temporaryFolder('released');
const at = (name: string): string => path.join(folder, name);
const { embedDim: dim, depth } = tinyConfig;

let model: ModelFile;
beforeAll(async () => {
  await writeTinyModel(at('tiny.safetensors'));
  model = await readModel(at('tiny.safetensors'));
});

/** As med-sa.md, section 5, last paragraph, names them; r = dim/4. */
function released(...kinds: string[]): Map<string, TensorData> {
  const random = new Random(4);
  const tensors = new Map<string, TensorData>();
  for (let block = 0; block < depth; block++) {
    for (const kind of kinds) {
      const name = `image_encoder.blocks.${block}.${kind}_Adapter`;
      tensors.set(`${name}.D_fc1.weight`, randomTensor(random, [dim / 4, dim]));
      tensors.set(`${name}.D_fc1.bias`, randomTensor(random, [dim / 4]));
      tensors.set(`${name}.D_fc2.weight`, randomTensor(random, [dim, dim / 4]));
      tensors.set(`${name}.D_fc2.bias`, randomTensor(random, [dim]));
    }
  }
  return tensors;
}

/** As torch.save writes them, the state dict inside of a training checkpoint. */
function writePth(file: string, tensors: ReadonlyMap<string, TensorData>, wrapper: string): void {
  const entries = [...tensors];
  const views = entries.map(([name, { shape, data }], key) => {
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((size, extent) => size * extent, 1));
    return [name, p.tensor(p.storage('FloatStorage', String(key), data.length), 0, [...shape], strides)] as const;
  });
  const storages = entries.map(([, { data }], key) => [key, data as Float32Array<ArrayBuffer>] as const);
  const root = p.dict({ epoch: p.int(7), [wrapper]: p.dict(Object.fromEntries(views)) });
  fs.writeFileSync(file, p.checkpoint(root, Object.fromEntries(storages)));
}

describe('the authors’ released adapters', () => {
  it('alone: the names, the bottleneck and the variant', async () => {
    const tensors = released('Space', 'MLP');
    await writeSafetensors(at('alone.safetensors'), tensors);
    const read = await readAdapters(at('alone.safetensors'), model);
    expect(read).toMatchObject({ name: 'alone', tune: 'adapters', imageSize: tinyConfig.imageSize, step: 0 });
    expect(read.options).toEqual({
      variant: 'released',
      bottleneck: dim / 4,
      decoderBottleneck: expect.any(Number),
      scale: 0.5,
      slices: null,
      padding: 'after-norm',
      prompt: 'none',
    });
    expect(read.tensors.size).toBe(depth * 2 * 4);
    const own = read.tensors.get('image_encoder.blocks.1.mlp_adapter.up.weight');
    expect(own).toEqual(tensors.get('image_encoder.blocks.1.MLP_Adapter.D_fc2.weight'));
    const down = read.tensors.get('image_encoder.blocks.0.space_adapter.down.bias');
    expect(down).toEqual(tensors.get('image_encoder.blocks.0.Space_Adapter.D_fc1.bias'));
  });

  it('with a depth branch', async () => {
    await writeSafetensors(at('depth.safetensors'), released('Space', 'MLP', 'Depth'));
    const { options, tensors } = await readAdapters(at('depth.safetensors'), model);
    expect(options).toMatchObject({ variant: 'released', slices: 1 });
    expect(tensors.get('image_encoder.blocks.1.depth_adapter.down.weight')!.shape).toEqual([dim / 4, dim]);
  });

  it.each([
    ['model', ''],
    ['state_dict', 'module.'],
  ])('in a whole model under "%s" of a training checkpoint, names behind "%s"', async (wrapper, prefix) => {
    const whole = new Map([...tinyTensors(9), ...released('Space', 'MLP')]);
    const file = at(`${wrapper}.pth`);
    writePth(file, new Map([...whole].map(([name, tensor]) => [`${prefix}${name}`, tensor])), wrapper);
    const read = await readAdapters(file, model);
    expect(read).toMatchObject({ name: wrapper, tune: 'adapters', options: { variant: 'released' } });
    expect(read.tensors.size).toBe(whole.size);
    // The file's own SAM was trained beside the adapters: it replaces the base's.
    const { weights } = composeModel(model, read);
    const name = 'mask_decoder.mask_tokens.weight';
    expect(weights(name).attributes).toMatchObject({ value: { data: whole.get(name)!.data } });
    expect(whole.get(name)!.data).not.toEqual(model.tensors.get(name)!.data);
  });

  it.each<[string, (tensors: Map<string, TensorData>) => void, RegExp]>([
    [
      'lack one',
      (tensors) => tensors.delete('image_encoder.blocks.1.MLP_Adapter.D_fc2.bias'),
      /does not fit: missing: image_encoder\.blocks\.1\.mlp_adapter\.up\.bias$/,
    ],
    [
      'hold something else',
      (tensors) => tensors.set('head.weight', tensorData([1], [1])),
      /does not fit: unexpected: head\.weight$/,
    ],
    [
      'are of another width',
      (tensors) => tensors.set('image_encoder.blocks.0.MLP_Adapter.D_fc2.bias', tensorData([2], [1, 2])),
      /of another shape: image_encoder\.blocks\.0\.mlp_adapter\.up\.bias \[2\] instead of \[24\]$/,
    ],
    [
      'come with a SAM of another shape',
      (tensors) => tensors.set('image_encoder.neck.1.bias', tensorData([2], [1, 2])),
      /of another shape: image_encoder\.neck\.1\.bias \[2\] instead of \[16\]$/,
    ],
  ])('that %s are refused by name', async (what, change, said) => {
    const tensors = released('Space', 'MLP');
    change(tensors);
    const file = at(`${what}.safetensors`);
    await writeSafetensors(file, tensors);
    await expect(readAdapters(file, model)).rejects.toThrow(said);
    await expect(readAdapters(file, model)).rejects.toMatchObject({ name: 'UserError', details: { file } });
  });
});

describe('adapters in the released naming', () => {
  const options = { ...defaultAdapters(tinyConfig), slices: 3 };
  const random = new Random(8);
  const tensors = new Map(
    [...adapterShapes(tinyConfig, options)].map(([name, shape]) => [name, randomTensor(random, shape)]),
  );

  beforeAll(async () => {
    const notes = { tune: 'adapters', options, imageSize: 48, base: 'tiny', step: 5 } as const;
    await writeAdapters(at('own.safetensors'), tensors, { ...notes, baseHash: await fileHash(model.file) });
  });

  it('are written and come back whole', async () => {
    const written = await exportReleased(at('own.safetensors'), at('exported.safetensors'));
    const { tensors: named } = await readTensors(at('exported.safetensors'));
    const kinds = ['Space', 'MLP', 'Depth'];
    const encoder = [...named.keys()].filter((name) => name.startsWith('image_encoder.'));
    expect(encoder.length).toBe(depth * kinds.length * 4);
    for (const name of encoder) {
      expect(name).toMatch(/^image_encoder\.blocks\.[01]\.(Space|MLP|Depth)_Adapter\.D_fc[12]\.(weight|bias)$/);
    }
    expect(written).toEqual({
      tensors: tensors.size,
      faithful: false,
      unnamed: [...tensors.keys()].filter((name) => name.startsWith('mask_decoder.')),
    });
    const back = await readAdapters(at('exported.safetensors'), model);
    const own = await readAdapters(at('own.safetensors'), model);
    expect(back).toEqual({ ...own, name: 'exported', file: at('exported.safetensors') });
    expect([...back.tensors.keys()]).toEqual([...tensors.keys()]);
  });

  it('still belong to their base', async () => {
    await exportReleased(at('own.safetensors'), at('bound.safetensors'));
    await writeTinyModel(at('other.safetensors'), 2);
    await expect(readAdapters(at('bound.safetensors'), await readModel(at('other.safetensors')))).rejects.toThrow(
      /trained on another model file \(tiny\)/,
    );
  });

  it('of a .pth become safetensors and stay what they are', async () => {
    const authors = released('Space', 'MLP');
    writePth(at('authors.pth'), new Map([...authors].map(([name, tensor]) => [`module.${name}`, tensor])), 'model');
    expect(await exportReleased(at('authors.pth'), at('authors.safetensors'))).toEqual({
      tensors: authors.size,
      faithful: true,
      unnamed: [],
    });
    const { tensors: named } = await readTensors(at('authors.safetensors'));
    expect(named).toEqual(authors);
  });

  it('carry a mask decoder that learned too, and come back with it', async () => {
    const own = releasedAdapters(tinyConfig);
    const decoder = [...model.tensors].filter(([name]) => name.startsWith('mask_decoder.'));
    const held = new Map([...initialAdapters(adapterShapes(tinyConfig, own), new Random(1)), ...decoder]);
    const baseHash = await fileHash(model.file);
    const notes = { tune: 'adapters', options: own, imageSize: 64, base: 'tiny', baseHash, step: 1 } as const;
    await writeAdapters(at('both.safetensors'), held, { ...notes, withDecoder: true });
    const written = await exportReleased(at('both.safetensors'), at('both-released.safetensors'));
    expect(written).toEqual({ tensors: held.size, faithful: true, unnamed: [] });
    const back = await readAdapters(at('both-released.safetensors'), model);
    expect([back.options, back.tensors]).toEqual([own, held]);
  });

  it('need adapters', async () => {
    const file = at('decoder.safetensors');
    const decoder = new Map([...model.tensors].filter(([name]) => name.startsWith('mask_decoder.')));
    const notes = { tune: 'decoder', options: null, imageSize: 64, base: 'tiny', baseHash: '', step: 1 } as const;
    await writeAdapters(file, decoder, notes);
    await expect(exportReleased(file, at('never.safetensors'))).rejects.toThrow(/no adapters \(.*--tune decoder\)/);
    await expect(exportReleased(model.file, at('never.safetensors'))).rejects.toThrow(/holds no Med-SA adapters/);
    expect(fs.existsSync(at('never.safetensors'))).toBe(false);
  });
});
