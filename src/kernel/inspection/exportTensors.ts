import { writeSafetensors } from '../checkpoints';
import type { TensorData } from '../graph';
import type { ImageInspection } from './imageInspection';
import type { PromptInspection } from './promptInspection';

/** Raised when the meaning of what is written changes. */
const version = '1';

/**
 * Writes everything that was read of an image, and of the prompts on it, as safetensors: the encoder's readings under
 * their names (docs/inspector.md), the decoder's behind `prompt.0.` and `prompt.1.`. The notes say what it is of.
 * @throws UserError when the file cannot be written
 */
export async function exportTensors(
  file: string,
  inspection: ImageInspection,
  asked: readonly PromptInspection[],
  signal?: AbortSignal,
): Promise<void> {
  const tensors = new Map<string, TensorData>(await inspection.tensors(signal));
  for (const [index, { readings }] of asked.entries()) {
    for (const [name, tensor] of readings) tensors.set(`prompt.${index}.${name}`, tensor);
  }
  const { model } = inspection.inspector;
  const { original } = inspection.pixels.geometry;
  await writeSafetensors(file, tensors, {
    format: 'med-sa-inspection',
    version,
    model: model.name,
    adapters: model.adaptersName,
    options: JSON.stringify(model.options),
    image_sha256: inspection.pixels.digest,
    image_size: `${original.width}x${original.height}`,
    slices: String(inspection.slices),
    prompts: JSON.stringify(asked.map(({ slice, prompts }) => ({ slice, ...prompts }))),
  });
}
