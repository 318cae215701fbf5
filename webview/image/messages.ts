import type {
  ImageEvent as EventV2,
  ImageOutputV1 as ImageOutput,
  ViewerEventV1,
  ViewerRequestV1,
} from '../../src/protocol';

export type ImageRequest = ViewerRequestV1;
export type ImageEvent = ViewerEventV1 | Extract<EventV2, { type: 'viewer/error' }>;
export type Post = (request: ImageRequest) => void;

/** The output of a cell, where it is one that this viewer understands; a notebook may come from anywhere. */
export function readOutput(value: unknown): ImageOutput | null {
  if (!isRecord(value) || value.version !== 1 || !isRecord(value.image)) return null;
  const { viewId, sessionId, slice, image } = value;
  const { path, name, width, height, slices, spacing } = image;
  const texts = [viewId, sessionId, path, name].every((text) => typeof text === 'string');
  const sizes = [width, height, slices].every((size) => Number.isInteger(size) && Number(size) > 0);
  const known = spacing === null || (Array.isArray(spacing) && spacing.length === 2 && spacing.every(isPositive));
  return texts && sizes && known && Number.isInteger(slice) ? (value as unknown as ImageOutput) : null;
}

/** Whether a message is an event for an image view. */
export function isImageEvent(message: unknown): message is ImageEvent {
  if (!isRecord(message) || typeof message.type !== 'string') return false;
  return message.type.startsWith('viewer/') && typeof message.viewId === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
