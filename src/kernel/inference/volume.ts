import type { PromptSet } from '../datasets/types';
import { CancelledError, UserError } from '../errors';
import { sliceOf, type ChosenWindow, type MedicalImage, type Window } from '../imaging';
import { areaOf, follow, slicesTowards } from './follow';
import type { SamPredictor } from './predictor';
import { checkPrompts } from './promptChecks';
import { volumeImages } from './sliceImages';
import type { Prediction } from './types';

export interface VolumeOptions {
  /** Of all slices; by default the volume's own (`chooseWindow` over all slices), as in training. */
  readonly window?: Window;
  readonly signal?: AbortSignal;
  /** After each slice: how many are answered, of how many at most. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The answer on one slice. */
export interface SliceAnswer {
  readonly slice: number;
  /** Pixels. */
  readonly area: number;
  /** The model's own estimate, 0..1. */
  readonly iou: number;
  /** The neighbour whose mask prompted it; null where the user's prompts did. */
  readonly promptedBy: number | null;
  readonly window: ChosenWindow;
}

export interface VolumeSegmentation {
  /** 1 in the object, else 0; size, spacing, origin and direction are the source's own. */
  readonly labels: MedicalImage;
  /** Slices that hold a part of the object, ascending. */
  readonly slices: readonly SliceAnswer[];
}

/**
 * Segments an object through a volume: the prompted slices first, then from each of them up and down, every slice
 * prompted by the mask of the last, until the object ends (nothing is found, its area collapses, or the model trusts its
 * own answer no more). Between two prompted slices each reaches as far as the middle.
 * @throws UserError without prompts, for a slice that is not there, and for prompts outside of it; CancelledError
 */
export async function predictVolume(
  predictor: SamPredictor,
  volume: MedicalImage,
  prompts: ReadonlyMap<number, PromptSet>,
  { window, signal, onProgress }: VolumeOptions = {},
): Promise<VolumeSegmentation> {
  if (prompts.size === 0) throw new UserError('there is no prompt: give a point or a box on a slice');
  const [width, height, slices] = volume.size;
  for (const [slice, asked] of prompts) checkPrompts(asked, sliceOf(volume, slice));
  const { images, window: chosen } = volumeImages(predictor, volume, window);
  const voxels = new Uint8Array(width * height * slices);
  const answers = new Map<number, SliceAnswer>();

  const answer = async (slice: number, asked: PromptSet): Promise<Prediction> => {
    if (signal?.aborted) throw new CancelledError();
    const prediction = await predictor.predictTogether(await images.at(slice, signal), asked, { signal });
    // A run in this process blocks its thread: let signals and timers through between slices.
    await new Promise((resolve) => setImmediate(resolve));
    return prediction;
  };
  const keep = (slice: number, prediction: Prediction, promptedBy: number | null): Prediction => {
    const { mask, iou } = prediction;
    voxels.set(mask.data, slice * width * height);
    answers.set(slice, { slice, area: areaOf(mask), iou, promptedBy, window: chosen });
    onProgress?.(answers.size, slices);
    return prediction;
  };

  try {
    const seeds = [...prompts.keys()].sort((a, b) => a - b);
    for (const [index, seed] of seeds.entries()) {
      const { mask } = keep(seed, await answer(seed, prompts.get(seed)!), null);
      const ends = [
        index === 0 ? 0 : Math.floor((seeds[index - 1] + seed) / 2) + 1,
        index === seeds.length - 1 ? slices - 1 : Math.floor((seed + seeds[index + 1]) / 2),
      ];
      for (const end of ends) {
        let last = seed;
        for await (const { slice, prediction } of follow(mask, slicesTowards(seed, end), answer)) {
          keep(slice, prediction, last);
          last = slice;
        }
      }
    }
  } finally {
    await images.free();
  }
  const { path, spacing, origin, direction } = volume;
  return {
    labels: { path, size: volume.size, channels: 1, voxels, spacing, origin, direction },
    slices: [...answers.values()].filter(({ area }) => area > 0).sort((a, b) => a.slice - b.slice),
  };
}

/**
 * One slice of a volume, or a picture. Adapters that look along the depth see its neighbours too.
 * @throws UserError for a slice that is not there and for prompts outside of it; CancelledError
 */
export async function predictSlice(
  predictor: SamPredictor,
  volume: MedicalImage,
  slice: number,
  prompts: PromptSet,
  { window: given, signal }: Pick<VolumeOptions, 'window' | 'signal'> = {},
): Promise<{ readonly prediction: Prediction; readonly window: ChosenWindow }> {
  checkPrompts(prompts, sliceOf(volume, slice));
  const { images, window } = volumeImages(predictor, volume, given);
  try {
    const prediction = await predictor.predictTogether(await images.at(slice, signal), prompts, { signal });
    return { prediction, window };
  } finally {
    await images.free();
  }
}
