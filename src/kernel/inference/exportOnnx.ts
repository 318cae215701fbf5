import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../errors';
import { writeFileAtomically } from '../files';
import { sizeOf, type CompiledGraph, type TensorData } from '../graph';
import { gridOf } from '../sam/config';
import type { SamModel } from '../sam/sam';
import { exportDescription, exportReadme, type ExportOrigin } from './exportDescription';
import { compileDecoder, compileEncoder } from './programs';

export interface OnnxExportOptions {
  /** Weights in a file beside the graph; always so where they exceed what one ONNX file can hold. */
  readonly externalWeights: boolean;
  readonly origin: ExportOrigin;
}

/** Bytes. A protocol buffer ends at 2 GiB. */
const largestModel = 2 ** 31 - 2 ** 24;

/** Bytes: pages, so that a runtime can map each weight on its own. */
const alignment = 4096;

/**
 * Writes a model as `encoder.onnx` and `decoder.onnx` with `model.json` and `README.md`, which tell how to feed them.
 * Ordinary operators of the standard opset, all tensors float32. → the files, absolute
 * @throws UserError when the folder cannot be written
 */
export async function exportOnnx(model: SamModel, folder: string, options: OnnxExportOptions): Promise<string[]> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new UserError(`the folder ${folder} could not be made: name another`, { file: folder, cause });
  });
  const files: string[] = [];
  for (const [name, program] of [
    ['encoder.onnx', compileEncoder(model, 1)],
    ['decoder.onnx', compileDecoder(model, { parts: false })],
  ] as const) {
    files.push(...(await writeProgram(program, path.join(folder, name), options.externalWeights)));
  }
  const description = exportDescription(
    { imageSize: model.config.imageSize, grid: gridOf(model.config), channels: model.config.outChannels },
    options.origin,
    files.map((file) => path.basename(file)),
  );
  const texts = { 'model.json': `${JSON.stringify(description, null, 2)}\n`, 'README.md': exportReadme(description) };
  for (const [name, text] of Object.entries(texts)) {
    const file = path.join(folder, name);
    await writeFileAtomically(file, [Buffer.from(text)]);
    files.push(file);
  }
  return files;
}

async function writeProgram(program: CompiledGraph, file: string, externalWeights: boolean): Promise<string[]> {
  const weights: TensorData[] = [];
  const dataFile = `${file}.data`;
  let end = 0;
  const graph = program.emit((weight) => {
    const offset = end;
    weights.push(weight);
    end = align(offset + bytesOf(weight));
    return { file: path.basename(dataFile), offset };
  });
  if (!externalWeights && end < largestModel) {
    await writeFileAtomically(file, [program.emit()]);
    return [file];
  }
  await writeFileAtomically(dataFile, alignedValues(weights));
  await writeFileAtomically(file, [graph]);
  return [file, dataFile];
}

/** One weight after the other, read only as it is written. */
function* alignedValues(weights: readonly TensorData[]): Generator<Uint8Array> {
  for (const weight of weights) {
    const { data } = weight;
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    yield new Uint8Array(align(data.byteLength) - data.byteLength);
  }
}

const bytesOf = ({ shape }: TensorData): number => sizeOf(shape) * Float32Array.BYTES_PER_ELEMENT;
const align = (offset: number): number => Math.ceil(offset / alignment) * alignment;
