import fs from 'node:fs';
import path from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../../src/kernel/checkpoints';
import { Random } from '../../../src/kernel/datasets';
import { writeAdapters } from '../../../src/kernel/inference';
import { fileHash } from '../../../src/kernel/inference/modelFile';
import { initialAdapters } from '../../../src/kernel/medsa/initialise';
import { defaultAdapters } from '../../../src/kernel/medsa/options';
import { adapterShapes } from '../../../src/kernel/medsa/shapes';
import { temporaryFolder } from '../../support/temporaryFolder';
import { tinyConfig, writeTinyModel } from '../../support/tinyModel';
import { commandLine, type CommandLine } from './commandLine';

const folder = temporaryFolder('cli-export');
const at = (...parts: string[]): string => path.join(folder, ...parts);
let medSa: CommandLine;

beforeAll(async () => {
  medSa = await commandLine(folder);
  await writeTinyModel(at('tiny.safetensors'));
  const options = defaultAdapters(tinyConfig);
  const notes = { tune: 'adapters', options, imageSize: tinyConfig.imageSize, base: 'tiny', step: 1 } as const;
  const tensors = initialAdapters(adapterShapes(tinyConfig, options), new Random(1));
  await writeAdapters(at('heart.safetensors'), tensors, { ...notes, baseHash: await fileHash(at('tiny.safetensors')) });
});

const bound = ['--model', 'tiny.safetensors', '--adapters', 'heart.safetensors'];

describe('med-sa export', () => {
  it('--onnx writes two graphs that load, and says how to feed them', async () => {
    const result = await medSa.json(['export', '--onnx', ...bound, '--out', 'onnx']);
    const names = ['encoder.onnx', 'decoder.onnx', 'model.json', 'README.md'];
    const files = names.map((name) => at('onnx', name));
    expect(result).toEqual({ folder: at('onnx'), files, model: 'tiny', adapters: 'heart' });
    const decoder = await InferenceSession.create(files[1], { logSeverityLevel: 4 });
    expect([...decoder.inputNames].sort()).toEqual(['embedding', 'has_mask', 'labels', 'masks', 'points']);
    await decoder.release();
    const told = JSON.parse(fs.readFileSync(files[2], 'utf8')) as Record<string, unknown>;
    expect(told).toMatchObject({
      model: 'tiny',
      modelSha256: await fileHash(at('tiny.safetensors')),
      adapters: 'heart',
    });
  });

  it('--onnx --external-weights puts the weights beside the graphs', async () => {
    await medSa.json(['export', '--onnx', ...bound.slice(0, 2), '--external-weights', '--out', 'external']);
    expect(fs.readdirSync(at('external'))).toContain('encoder.onnx.data');
    expect(fs.statSync(at('external', 'encoder.onnx')).size).toBeLessThan(fs.statSync(at('onnx', 'encoder.onnx')).size);
  });

  it('--torch writes the released naming, and warns that the variant is another', async () => {
    const { code, stderr } = await medSa.run('export', '--torch', ...bound.slice(2), '--out', 'released.safetensors');
    expect(code).toBe(0);
    expect(stderr).toMatch(/trained as the paper describes.*GELU for ReLU/);
    const { tensors } = await readSafetensors(at('released.safetensors'));
    expect(tensors.has('image_encoder.blocks.0.Space_Adapter.D_fc1.weight')).toBe(true);
    const image = path.join(folder, 'pixels.png');
    fs.writeFileSync(image, Buffer.from(onePixel, 'base64'));
    const ask = async (adapters: string) =>
      (await medSa.json(['segment', image, '--point', '0,0', '--model', 'tiny.safetensors', '--adapters', adapters]))
        .iou;
    expect(await ask('released.safetensors')).toBe(await ask('heart.safetensors'));
  });

  it.each<[string, string[], number, RegExp]>([
    ['neither kind', ['--out', 'x'], 2, /choose one of --onnx and --torch/],
    ['no adapters', ['--torch', '--out', 'x.safetensors'], 2, /--torch needs --adapters FILE/],
    ['another file', ['--torch', ...bound.slice(2), '--out', 'x.pth'], 2, /x\.pth: name a \.safetensors file/],
    ['a model as adapters', ['--torch', '--adapters', 'tiny.safetensors', '--out', 'x.safetensors'], 1, /no Med-SA/],
  ])('%s: says so in a line', async (_, args, code, said) => {
    const result = await medSa.run('export', ...args);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toMatch(said);
    expect(result.stderr.trimEnd()).not.toContain('\n');
  });

  it('a checkpoint that is no model is named before anything is written', async () => {
    const { tensors } = await readSafetensors(at('tiny.safetensors'));
    tensors.delete('image_encoder.pos_embed');
    await writeSafetensors(at('lacking.safetensors'), tensors);
    const result = await medSa.run('export', '--onnx', '--model', 'lacking.safetensors', '--out', 'never');
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('lacking.safetensors is no SAM') });
    expect(fs.existsSync(at('never'))).toBe(false);
  });
});

/** A grey PNG of 1×1 pixel. */
const onePixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==';
