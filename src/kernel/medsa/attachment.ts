import type { SamConfig } from '../sam/config';
import { bare, type Seams } from '../sam/seams';
import type { ShapeTable } from '../sam/shapes';
import type { Weights } from '../sam/weights';
import { loraSeams, loraShapes } from './lora';
import { unobserved, type ObserveAttachment } from './observation';
import { isLora, type AttachmentOptions } from './options';
import { adapterSeams } from './seams';
import { adapterShapes } from './shapes';

/** Name and shape of every tensor that is attached. */
export const attachmentShapes = (config: SamConfig, options: AttachmentOptions): ShapeTable =>
  isLora(options) ? loraShapes(config, options) : adapterShapes(config, options);

/** What is attached, at SAM's seams; null attaches nothing. `weights` serves the names of `attachmentShapes`. */
export function attachedSeams(
  weights: Weights,
  options: AttachmentOptions | null,
  observe: ObserveAttachment = unobserved,
): Seams {
  if (options === null) return bare;
  return isLora(options) ? loraSeams(weights, options, observe) : adapterSeams(weights, options, observe);
}
