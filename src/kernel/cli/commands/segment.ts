import { existsSync } from 'node:fs';
import path from 'node:path';
import type { PromptSet } from '../../datasets';
import { UsageError, UserError } from '../../errors';
import { boundingBox, middleSlice, readImage, sliceOf, toRgb, writeMask, type Mask } from '../../imaging';
import { embeddedModel, openPredictor } from '../../inference';
import { command, exitCodes, json } from '../command';
import { adapters, file, model } from '../commonOptions';
import { device, precision } from '../device';
import { engine, openEngine } from '../engine';
import { box, point, repeated, whole } from '../options';

/** med-sa segment */
export const segment = command(
  {
    name: 'segment',
    summary: 'Segment an image from points or a box.',
    operands: [{ name: 'IMAGE', description: 'an image (PNG, JPEG, TIFF) or a volume (NIfTI, NRRD, MetaImage)' }],
    options: {
      model,
      adapters,
      point: repeated(point('A point in the target (label 1, the default) or outside of it (0); may be repeated')),
      box: box('A box around the target'),
      slice: whole(0, 'Slice of a volume, from 0 (default: the middle one)'),
      out: file('Write the mask as PNG: 255 in the target, 0 outside'),
      engine,
      device,
      precision,
      json,
    },
    notes: ['Points and boxes are in pixels of the original image, from its top left corner.'],
  },
  async ({ values, operands: [given], output }) => {
    const started = performance.now();
    const prompts: PromptSet = { points: values.point, box: values.box ?? null };
    if (prompts.points.length === 0 && prompts.box === null) {
      throw new UsageError('no prompt was given: add --point X,Y or --box X0,Y0,X1,Y1');
    }
    // Whatever can be wrong is looked at before the model is loaded.
    const out = values.out ?? null;
    if (out !== null) checkWritable(out);
    const image = await readImage(given);
    const slice = values.slice ?? middleSlice(image);
    const picture = toRgb(sliceOf(image, slice));
    checkPrompts(given, prompts, picture);

    const { engine = 'onnx', device: request = 'auto', precision } = values;
    const { executor, lines } = await openEngine({ engine, device: request, precision });
    if (engine === 'tfjs') for (const line of lines) output.note(line);
    const predictor = await openPredictor({
      model: values.model ?? embeddedModel,
      adapters: values.adapters ?? null,
      executor,
      ownsExecutor: true,
    });
    try {
      const [{ mask, iou }] = await predictor.predict(await predictor.encode(picture), prompts);
      if (out !== null) await writeMask(out, mask);
      const found = measure(mask);
      const seconds = (performance.now() - started) / 1000;
      const by = { model: predictor.model, adapters: predictor.adapters, engine, device: predictor.device };
      output.result({ image: path.resolve(given), slice, mask: out, iou, ...found, ...by, seconds }, [
        found.box === null
          ? 'no pixel was found: give another point, or a box'
          : `${found.area} pixels in the box ${found.box.join(',')}; the model expects an IoU of ${iou.toFixed(2)}`,
        `${by.model}${by.adapters === null ? '' : ` with ${by.adapters}`} on ${by.device}, ${seconds.toFixed(1)} s`,
        ...(out === null ? [] : [`mask written to ${out}`]),
      ]);
    } finally {
      await predictor.dispose();
    }
    return exitCodes.success;
  },
);

/** Area in pixels and the smallest box [x0, y0, x1, y1) around them. */
const measure = (mask: Mask) => ({
  area: mask.data.reduce((sum, value) => sum + value, 0),
  box: boundingBox(mask),
});

/** @throws UserError when the mask could not be written there at the end. */
function checkWritable(file: string): void {
  if (path.extname(file).toLowerCase() !== '.png') {
    throw new UserError(`${file} does not end in .png: masks are written as PNG; change --out`, { file });
  }
  const folder = path.dirname(file);
  if (existsSync(folder)) return;
  throw new UserError(`${file} could not be written: the folder ${folder} does not exist; create it first`, { file });
}

/** @throws UserError naming the image and its size. */
function checkPrompts(
  file: string,
  { points, box }: PromptSet,
  { width, height }: { readonly width: number; readonly height: number },
): void {
  const size = `${file}, which is ${width}×${height} pixels`;
  for (const { x, y } of points) {
    if (x >= 0 && y >= 0 && x < width && y < height) continue;
    throw new UserError(`the point ${x},${y} lies outside of ${size}: x from 0 to ${width - 1}, y to ${height - 1}`, {
      file,
    });
  }
  if (box === null) return;
  const [x0, y0, x1, y1] = box;
  if (x0 >= x1 || y0 >= y1) {
    throw new UserError(`the box ${box.join(',')} on ${file} is empty: give X0,Y0,X1,Y1 with X0 < X1 and Y0 < Y1`, {
      file,
    });
  }
  if (x0 < 0 || y0 < 0 || x1 > width || y1 > height) {
    throw new UserError(`the box ${box.join(',')} leaves ${size}: keep it within 0,0,${width},${height}`, { file });
  }
}
