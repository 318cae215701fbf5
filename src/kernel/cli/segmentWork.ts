import type { PromptSet } from '../datasets';
import { boundingBox, type Mask, type MedicalImage, type Window } from '../imaging';
import { predictSlice, predictVolume, type SamPredictor, type VolumeOptions } from '../inference';
import type { SlicePrompts } from './segmentPrompts';

/** What is told of a segmentation: with --json, and for people. */
export interface Segmented {
  readonly object: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
}

const nothingFound = 'no pixel was found: give another point, or a box';

/** One slice of an image, or a picture. */
export async function segmentSlice(
  predictor: SamPredictor,
  image: MedicalImage,
  slice: number,
  prompts: PromptSet,
  given?: Window,
): Promise<Segmented & { readonly mask: Mask }> {
  const { prediction, window } = await predictSlice(predictor, image, slice, prompts, { window: given });
  const { mask, iou } = prediction;
  const [area, box] = [mask.data.reduce((sum, value) => sum + value, 0), boundingBox(mask)];
  const found = `${area} pixels in the box ${box?.join(',')}; the model expects an IoU of ${iou.toFixed(2)}`;
  return { mask, object: { slice, window, iou, area, box }, lines: [box === null ? nothingFound : found] };
}

/** An object through a volume. */
export async function segmentVolume(
  predictor: SamPredictor,
  image: MedicalImage,
  prompts: SlicePrompts,
  options: VolumeOptions,
): Promise<Segmented & { readonly labels: MedicalImage }> {
  const { labels, slices } = await predictVolume(predictor, image, prompts, options);
  const voxels = slices.reduce((sum, { area }) => sum + area, 0);
  const { spacing } = image;
  // 1000 mm³ are a millilitre.
  const millilitres = spacing && (voxels * spacing[0] * spacing[1] * spacing[2]) / 1000;
  const size = `${voxels} voxels${millilitres === null ? '' : ` (${millilitres.toPrecision(3)} ml)`}`;
  return {
    labels,
    object: { slices, voxels, millilitres },
    lines: [voxels === 0 ? nothingFound : `${size} on the slices ${slices[0].slice} to ${slices.at(-1)!.slice}`],
  };
}
