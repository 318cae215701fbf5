import path from 'node:path';
import { UsageError } from '../../errors';
import { checkVolumePath, middleSlice, readImage, writeMask, writeVolume, type MedicalImage } from '../../imaging';
import { embeddedModel, openPredictor, type SamPredictor } from '../../inference';
import { command, exitCodes, json } from '../command';
import { adapters, file, model } from '../commonOptions';
import { device, precision } from '../device';
import { engine, openEngine } from '../engine';
import { box, flag, range, repeated, slicePoint, whole } from '../options';
import { checkMaskPath, checkPrompts, promptsBySlice, type SlicePrompts } from '../segmentPrompts';
import { segmentSlice, segmentVolume, type Segmented } from '../segmentWork';

/** med-sa segment */
export const segment = command(
  {
    name: 'segment',
    summary: 'Segment an image from points or a box, or an object through a volume.',
    operands: [
      { name: 'IMAGE', description: 'an image (PNG, JPEG, TIFF) or a volume (NIfTI, NRRD, MetaImage, DICOM)' },
    ],
    options: {
      model,
      adapters,
      point: repeated(slicePoint('A point in the target (label 1, the default) or outside of it (0); may be repeated')),
      box: box('A box around the target'),
      slice: whole(0, 'Slice of a volume, from 0 (default: the middle one)'),
      volume: flag('Follow the target up and down from the prompted slices until it ends'),
      window: range('Intensities shown as black and white (default: the file’s own, else percentiles 0.5 and 99.5)'),
      out: file(
        'Write the mask: as PNG, 255 in the target; with --volume as .nii.gz, .nii, .nrrd or .mha, 1 in the target',
      ),
      engine,
      device,
      precision,
      json,
    },
    notes: [
      'Points and boxes are in pixels of the original image, from its top left corner.',
      'With --volume, points may be given on several slices: --point 40,52@7 --point 38,50@12.',
    ],
  },
  async ({ values, operands: [given], output, interrupts: { signal } }) => {
    const started = performance.now();
    if (values.point.length === 0 && values.box === undefined) {
      throw new UsageError('no prompt was given: add --point X,Y or --box X0,Y0,X1,Y1');
    }
    // Whatever can be wrong is looked at before the model is loaded.
    const out = values.out ?? null;
    if (out !== null) await (values.volume ? checkVolumePath(out) : checkMaskPath(out));
    const image = await readImage(given);
    const prompts = promptsBySlice(values.point, values.box ?? null, values.slice ?? middleSlice(image));
    checkCall(given, image, prompts, values.volume);
    checkPrompts(given, image, prompts);

    const { engine = 'onnx', device: request = 'auto', precision } = values;
    const { executor, lines: computing } = await openEngine({ engine, device: request, precision });
    if (engine === 'tfjs') for (const line of computing) output.note(line);
    const predictor = await openPredictor({
      model: values.model ?? embeddedModel,
      adapters: values.adapters ?? null,
      executor,
      ownsExecutor: true,
    });
    try {
      const { object, lines } = await work(predictor, image, prompts);
      const by = { model: predictor.model, adapters: predictor.adapters, engine, device: predictor.device };
      const seconds = (performance.now() - started) / 1000;
      output.result({ image: path.resolve(given), mask: out, ...object, ...by, seconds }, [
        ...lines,
        `${by.model}${by.adapters === null ? '' : ` with ${by.adapters}`} on ${by.device}, ${seconds.toFixed(1)} s`,
        ...(out === null ? [] : [`mask written to ${out}`]),
      ]);
    } finally {
      await predictor.dispose();
    }
    return exitCodes.success;

    async function work(predictor: SamPredictor, image: MedicalImage, prompts: SlicePrompts): Promise<Segmented> {
      const { window } = values;
      if (!values.volume) {
        const [[slice, asked]] = prompts;
        const { mask, ...segmented } = await segmentSlice(predictor, image, slice, asked, window);
        if (out !== null) await writeMask(out, mask);
        return segmented;
      }
      const onProgress = (done: number, total: number) => output.progress('slices', done, total);
      const { labels, ...segmented } = await segmentVolume(predictor, image, prompts, { window, signal, onProgress });
      if (out !== null) await writeVolume(out, labels);
      return segmented;
    }
  },
);

/** @throws UsageError when slices are named that the call is not about. */
function checkCall(file: string, image: MedicalImage, prompts: SlicePrompts, volume: boolean): void {
  if (volume && image.size[2] === 1) throw new UsageError(`${file} has one slice: leave --volume out`);
  if (!volume && prompts.size > 1) {
    throw new UsageError(`points on the slices ${[...prompts.keys()].join(', ')}: add --volume, or take one of them`);
  }
}
