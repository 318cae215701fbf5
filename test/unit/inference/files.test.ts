import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { readSafetensors, readTensors, writeSafetensors } from '../../../src/kernel/checkpoints';
import { Random } from '../../../src/kernel/datasets';
import { UserError } from '../../../src/kernel/errors';
import { tensorData, type Tensor, type TensorData } from '../../../src/kernel/graph';
import {
  adapterName,
  composeModel,
  readAdapters,
  readModel,
  writeAdapters,
  type ModelFile,
} from '../../../src/kernel/inference';
import { fileHash } from '../../../src/kernel/inference/modelFile';
import { initialAdapters } from '../../../src/kernel/medsa/initialise';
import { attachmentShapes } from '../../../src/kernel/medsa/attachment';
import { defaultAdapters, releasedAdapters, type AttachmentOptions } from '../../../src/kernel/medsa/options';
import { compileEncoder } from '../../../src/kernel/inference/programs';
import { projectRoot } from '../../support/projectRoot';
import { adapterShapes } from '../../../src/kernel/medsa/shapes';
import { temporaryFolder } from '../../support/temporaryFolder';
import { tinyConfig, tinyTensors, writeTinyModel } from '../../support/tinyModel';

const folder = temporaryFolder('files');
vi.mock('../../../src/kernel/inference/mediaFolder', () => ({ modelsFolder: () => path.join(folder, 'models') }));

let model: ModelFile;

beforeAll(async () => {
  fs.mkdirSync(path.join(folder, 'models'));
  await writeTinyModel(path.join(folder, 'models', 'tiny.safetensors'));
  await writeTinyModel(path.join(folder, 'models', 'other.safetensors'), 2);
  model = await readModel('tiny');
});

/** Writes a changed copy of a file. */
async function changed(
  file: string,
  copy: string,
  change: (tensors: Map<string, TensorData>, metadata: Record<string, string>) => void,
): Promise<string> {
  const { tensors, metadata } = await readSafetensors(file);
  change(tensors, metadata);
  const to = path.join(folder, copy);
  await writeSafetensors(to, tensors, metadata);
  return to;
}

describe('a model file', () => {
  it('is found by its name and by its path', async () => {
    const byPath = await readModel(path.join(folder, 'models', 'tiny.safetensors'));
    expect(byPath).toEqual(model);
    expect(model).toMatchObject({ name: 'tiny', config: tinyConfig });
    expect(model.tensors.get('mask_decoder.iou_token.weight')).toEqual(
      tinyTensors().get('mask_decoder.iou_token.weight'),
    );
  });

  it('that is unknown: the known ones are listed', async () => {
    await expect(readModel('tinny')).rejects.toThrow(
      /unknown model tinny: known are other, tiny; or name a \.safetensors/,
    );
  });

  it('that was got or added is found by its name, after the embedded ones', async () => {
    const cache = path.join(folder, 'cache', 'models');
    vi.stubEnv('MEDSA_CACHE', path.dirname(cache));
    fs.mkdirSync(cache, { recursive: true });
    await writeTinyModel(path.join(cache, 'mine.v2.bin'), 3);
    await writeTinyModel(path.join(cache, 'tiny.pth'), 4);
    expect(await readModel('mine.v2')).toMatchObject({ name: 'mine.v2', file: path.join(cache, 'mine.v2.bin') });
    expect(await readModel('tiny')).toEqual(model);
    await expect(readModel('mine')).rejects.toThrow(/known are other, tiny, mine\.v2;/);
    vi.unstubAllEnvs();
  });

  it('that is published and not here is not fetched: the error says how', async () => {
    await expect(readModel('sam_vit_h')).rejects.toThrow(/not on this machine.*med-sa models get sam_vit_h/);
    await expect(readModel('sam_vit_hh')).rejects.toThrow(/models get fetches sam_vit_b, sam_vit_l, sam_vit_h/);
  });

  it('that is not there is named', async () => {
    await expect(readModel('./absent.pth')).rejects.toThrow(/model file \.\/absent\.pth does not exist/);
  });

  it.each<[string, (tensors: Map<string, TensorData>, metadata: Record<string, string>) => void, RegExp]>([
    [
      'lacks tensors',
      (tensors) =>
        ['pos_embed', 'neck.0.weight', 'neck.1.weight', 'neck.1.bias'].forEach((name) =>
          tensors.delete(`image_encoder.${name}`),
        ),
      /does not fit: missing: image_encoder\.pos_embed, image_encoder\.neck\.0\.weight, image_encoder\.neck\.1\.weight and 1 more/,
    ],
    [
      'holds a tensor that a SAM does not have',
      (tensors) => tensors.set('head.weight', tensorData([1], [1])),
      /does not fit: unexpected: head\.weight/,
    ],
    [
      'holds a tensor of another shape',
      (tensors) => tensors.set('image_encoder.neck.1.bias', tensorData([2], [1, 2])),
      /does not fit: of another shape: image_encoder\.neck\.1\.bias \[2\] instead of \[16\]/,
    ],
    [
      'has a config that is no JSON',
      (_, metadata) => (metadata.config = '{"name"'),
      /its config is not that of a SAM \(it is no JSON object\)/,
    ],
    [
      'has a config with a wrong size',
      (_, metadata) => (metadata.config = JSON.stringify({ ...tinyConfig, depth: -1 })),
      /its config is not that of a SAM \(depth\)/,
    ],
    [
      'a newer version has made',
      (tensors, metadata) => {
        metadata.version = '2';
        metadata.config = JSON.stringify({ rings: 9 });
        tensors.set('image_encoder.ring', tensorData([1], [1]));
      },
      /made by a newer version of Med-SA Notebook \(format 2; this one knows 1\): update to read it/,
    ],
    [
      'has no config and no known width',
      (_, metadata) => delete metadata.config,
      /is no SAM: it has no image encoder of a known width \(768, 1024 or 1280\)/,
    ],
  ])('that %s is refused by name', async (what, change, said) => {
    const file = await changed(model.file, `${what}.safetensors`, change);
    await expect(readModel(file)).rejects.toThrow(said);
    await expect(readModel(file)).rejects.toThrow(UserError);
    await expect(readModel(file)).rejects.toThrow(file);
  });
});

describe('an adapter file', () => {
  const options = defaultAdapters(tinyConfig);
  const tensors = initialAdapters(adapterShapes(tinyConfig, options), new Random(1));
  let file: string;

  beforeAll(async () => {
    file = path.join(folder, 'heart.safetensors');
    const baseHash = await fileHash(model.file);
    await writeAdapters(file, tensors, { tune: 'adapters', options, imageSize: 48, base: 'tiny', baseHash, step: 12 });
  });

  it('comes back as it was written', async () => {
    const read = await readAdapters(file, model);
    expect(read).toEqual({ name: 'heart', file, tune: 'adapters', options, imageSize: 48, step: 12, tensors });
  });

  it.each<[string, AttachmentOptions]>([
    ['ablations', { ...options, slices: 3, prompt: 'concat', scale: 0.25 }],
    ['the released variant', { ...releasedAdapters(tinyConfig), slices: 6 }],
    ['LoRA', { rank: 2, alpha: 4, decoder: true }],
  ])('carries all options of %s', async (what, attached) => {
    const held = initialAdapters(attachmentShapes(tinyConfig, attached), new Random(1));
    const to = path.join(folder, `${what}.safetensors`);
    const tune = what === 'LoRA' ? 'lora' : 'adapters';
    const baseHash = await fileHash(model.file);
    await writeAdapters(to, held, { tune, options: attached, imageSize: 64, base: 'tiny', baseHash, step: 3 });
    const read = await readAdapters(to, model);
    expect(read).toMatchObject({ tune, options: attached, step: 3 });
    expect(read.tensors).toEqual(held);
  });

  it('with the mask decoder holds all of it, and older versions are told that they do not know it', async () => {
    const decoder = [...model.tensors].filter(([name]) => name.startsWith('mask_decoder.'));
    const held = new Map([...tensors, ...decoder]);
    const to = path.join(folder, 'with-decoder.safetensors');
    const baseHash = await fileHash(model.file);
    const notes = { tune: 'adapters', options, imageSize: 64, base: 'tiny', baseHash, step: 3 } as const;
    await writeAdapters(to, held, { ...notes, withDecoder: true });
    expect((await readAdapters(to, model)).tensors).toEqual(held);
    expect([(await readTensors(to)).metadata.version, (await readTensors(file)).metadata.version]).toEqual(['2', '1']);
    await writeAdapters(to, tensors, { ...notes, withDecoder: true });
    await expect(readAdapters(to, model)).rejects.toThrow(/mask_decoder/);
    await writeAdapters(to, held, notes);
    await expect(readAdapters(to, model)).rejects.toThrow(/mask_decoder/);
  });

  it('that version 0.1.0 wrote reads as what it was', async () => {
    const written = path.join(projectRoot, 'test', 'fixtures', 'adapters', 'tiny-0.1.0.safetensors');
    const baseHash = await fileHash(model.file);
    const old = await changed(written, '0.1.0.safetensors', (_, metadata) => (metadata.base_sha256 = baseHash));
    const read = await readAdapters(old, model);
    expect(read.options).toEqual({ ...options, variant: 'paper', bottleneck: 2, decoderBottleneck: 2 });
    expect(read.tensors.get('image_encoder.blocks.0.space_adapter.down.weight')!.shape).toEqual([2, 24]);
  });

  it('of volumes meets a picture as a volume of one slice', async () => {
    const deep = { ...options, slices: 5 };
    const held = initialAdapters(attachmentShapes(tinyConfig, deep), new Random(1));
    const composed = composeModel(model, { ...(await readAdapters(file, model)), options: deep, tensors: held });
    const program = compileEncoder({ ...composed, config: tinyConfig }, 1);
    expect(program.outputs[0].shape).toEqual([1, 16, 8, 8]);
  });

  it('works at the image size that it was trained at', async () => {
    const composed = composeModel(model, await readAdapters(file, model));
    expect(composed.config.imageSize).toBe(48);
    expect(composeModel(model, null).config.imageSize).toBe(64);
  });

  it('of the first version, without a size, works at the model’s own', async () => {
    const old = await changed(file, 'old.safetensors', (_, metadata) => delete metadata.image_size);
    expect((await readAdapters(old, model)).imageSize).toBe(64);
  });

  it.each<[string, (tensors: Map<string, TensorData>, metadata: Record<string, string>) => void, RegExp]>([
    [
      'is none',
      (_, metadata) => delete metadata.format,
      /holds no Med-SA adapters: take checkpoints\/best\.safetensors/,
    ],
    [
      'is newer',
      (_, metadata) => (metadata.version = '3'),
      /newer version of Med-SA Notebook \(format 3; this one knows 2\): update/,
    ],
    [
      'has options that are no JSON',
      (_, metadata) => (metadata.options = '{"bott'),
      /metadata are damaged \(options\)/,
    ],
    ['has no options', (_, metadata) => delete metadata.options, /metadata are damaged \(options\)/],
    [
      'has options that lack something',
      (_, metadata) => (metadata.options = '{"bottleneck":4}'),
      /damaged \(options\)/,
    ],
    ['was tuned in an unknown way', (_, metadata) => (metadata.tune = 'everything'), /damaged \(tune\)/],
    ['has a step that is no number', (_, metadata) => (metadata.step = 'many'), /damaged \(step\)/],
    [
      'was trained on another model',
      (_, metadata) => (metadata.base_sha256 = '00'),
      /trained on another model file \(tiny\)/,
    ],
    [
      'lacks a tensor',
      (held) => held.delete([...tensors.keys()][0]),
      /missing: image_encoder\.blocks\.0\.space_adapter/,
    ],
    ['holds one too many', (held) => held.set('extra', tensorData([1], [0])), /unexpected: extra/],
  ])('that %s is refused with a word', async (what, change, said) => {
    const wrong = await changed(file, `${what}.safetensors`, change);
    await expect(readAdapters(wrong, model)).rejects.toThrow(said);
    await expect(readAdapters(wrong, model)).rejects.toThrow(UserError);
    await expect(readAdapters(wrong, model)).rejects.toThrow(wrong);
  });

  it('is refused by another model of the same sizes', async () => {
    await expect(readAdapters(file, await readModel('other'))).rejects.toThrow(/choose that model/);
  });

  it('that is a model, or is not there, is refused', async () => {
    await expect(readAdapters(model.file, model)).rejects.toThrow(/holds no Med-SA adapters/);
    await expect(readAdapters(path.join(folder, 'absent.safetensors'), model)).rejects.toThrow(
      /absent\.safetensors does not exist/,
    );
  });

  it('of a tuned decoder replaces the decoder and nothing else', async () => {
    const other = await readModel('other');
    const decoder = new Map([...other.tensors].filter(([name]) => name.startsWith('mask_decoder.')));
    const tuned = path.join(folder, 'decoder.safetensors');
    const baseHash = await fileHash(model.file);
    await writeAdapters(tuned, decoder, {
      tune: 'decoder',
      options: null,
      imageSize: 64,
      base: 'tiny',
      baseHash,
      step: 1,
    });
    const { weights } = composeModel(model, await readAdapters(tuned, model));
    const valueOf = (name: string): unknown => (weights(name) as Tensor<'constant'>).attributes.value;
    const [changedName, keptName] = ['mask_decoder.mask_tokens.weight', 'image_encoder.pos_embed'];
    expect(valueOf(changedName)).toMatchObject({ data: other.tensors.get(changedName)!.data });
    expect(valueOf(keptName)).toMatchObject({ data: model.tensors.get(keptName)!.data });
  });
});

it('adapters are called after their run', () => {
  expect(adapterName('/runs/heart/checkpoints/best.safetensors')).toBe('heart');
  expect(adapterName('/downloads/liver.safetensors')).toBe('liver');
});
