import path from 'node:path';
import { version } from '../../../../package.json';
import { UsageError } from '../../errors';
import { composeModel, embeddedModel, readAdapters, readModel } from '../../inference';
import { exportOnnx } from '../../inference/exportOnnx';
import { exportReleased } from '../../inference/exportReleased';
import { fileHash } from '../../inference/modelFile';
import { command, exitCodes, json } from '../command';
import { adapters, model } from '../commonOptions';
import type { Output } from '../output';
import { flag, required, text } from '../options';

const out = text('DIR|FILE', 'Where to write: a folder for --onnx, a .safetensors file for --torch');

/** med-sa export */
export const exportModel = command(
  {
    name: 'export',
    summary: 'Write a model for other programs: as ONNX files, or adapters in their authors’ naming.',
    operands: [],
    options: {
      onnx: flag('Encoder and decoder, adapters merged in, as ONNX files that any onnxruntime runs'),
      torch: flag('The adapters alone, in the naming of the released Med-SA, as safetensors'),
      out: required({ ...out, parse: (given: string) => path.resolve(out.parse(given)) }),
      model,
      adapters,
      'external-weights': flag('Weights beside the graphs, in .onnx.data files (always so above 2 GB)'),
      json,
    },
    notes: ['The folder of --onnx gets a README.md and a model.json that tell how to feed the two graphs.'],
  },
  async ({ values, output }) => {
    if (values.onnx === values.torch) throw new UsageError('choose one of --onnx and --torch');
    if (values.torch) return asTorch(values.adapters, values.out, output);
    const base = await readModel(values.model ?? embeddedModel);
    const trained = values.adapters === undefined ? null : await readAdapters(values.adapters, base);
    output.note(`writing ${base.name}${trained === null ? '' : ` with ${trained.name}`} to ${values.out}`);
    const files = await exportOnnx(composeModel(base, trained), values.out, {
      externalWeights: values['external-weights'],
      origin: {
        model: base.name,
        modelSha256: await fileHash(base.file),
        adapters: trained?.name ?? null,
        version,
      },
    });
    output.result(
      { folder: values.out, files, model: base.name, adapters: trained?.name ?? null },
      files.map((file) => `${file} written`),
    );
    return exitCodes.success;
  },
);

async function asTorch(file: string | undefined, out: string, output: Output): Promise<number> {
  if (file === undefined) throw new UsageError('--torch needs --adapters FILE');
  if (path.extname(out) !== '.safetensors') throw new UsageError(`--out is ${out}: name a .safetensors file`);
  const { tensors, unnamed, faithful } = await exportReleased(file, out);
  if (!faithful) {
    output.note(
      'these adapters were trained as the paper describes: the released code computes something else with them ' +
        `(GELU for ReLU${unnamed.length === 0 ? '' : `, and no use for the ${unnamed.length} tensors of the decoder`})`,
    );
  }
  output.result({ file: out, tensors, faithful, unnamed: unnamed.length }, [`${out} written: ${tensors} tensors`]);
  return exitCodes.success;
}
