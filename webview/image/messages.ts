import type { ImageEvent, ImageOutput, ImageOutputV1, ImageRequest } from '../../src/protocol';
import { imageEventSchema } from '../../src/protocol/viewerEventSchemas';
import { checked, isAddressed } from '../shared/checked';

export type { ImageEvent, ImageRequest } from '../../src/protocol';
export type Post = (request: ImageRequest) => void;

/** What the page knows of an image before the kernel has answered. */
export interface Announced {
  output: ImageOutput | ImageOutputV1;
  viewId: string;
  name: string;
  /** Pixels of the first plane, if the output tells. */
  size: { width: number; height: number } | null;
  slices: number;
}

/** The output of a cell, where it is one that this viewer understands; a notebook may come from anywhere. */
export function readOutput(value: unknown): Announced | null {
  if (!isRecord(value) || !isRecord(value.image) || !isText(value.image.path)) return null;
  if (value.version === 1) return readFirstVersion(value, value.image);
  if (value.version !== 2) return null;
  const { viewId, sessionId, annotation, slice, image } = value;
  const { name, size, spacing } = image;
  if (![viewId, sessionId, annotation, name].every((text) => text === undefined || isText(text))) return null;
  if (slice !== undefined && !Number.isInteger(slice)) return null;
  if (size !== undefined && !isTriple(size, isCount)) return null;
  if (spacing !== undefined && spacing !== null && !isTriple(spacing, isPositive)) return null;
  const [width, height, slices] = (size as [number, number, number] | undefined) ?? [0, 0, 1];
  return {
    output: value as unknown as ImageOutput,
    viewId: isText(viewId) ? viewId : newId('view'),
    name: isText(name) ? name : lastPart(value.image.path as string),
    size: size === undefined ? null : { width, height },
    slices,
  };
}

function readFirstVersion(value: Record<string, unknown>, image: Record<string, unknown>): Announced | null {
  const { viewId, sessionId, slice } = value;
  const { name, width, height, slices } = image;
  const known = [viewId, sessionId, name].every(isText) && [width, height, slices].every(isCount);
  if (!known || !Number.isInteger(slice)) return null;
  return {
    output: value as unknown as ImageOutputV1,
    viewId: viewId as string,
    name: name as string,
    size: { width: width as number, height: height as number },
    slices: slices as number,
  };
}

/** The event for an image view that a message is; one that is malformed becomes an error for its view; null: none. */
export function readImageEvent(message: unknown): ImageEvent | null {
  if (!isAddressed(message, 'viewer/')) return null;
  const found = checked<ImageEvent>(imageEventSchema, message);
  return 'event' in found ? found.event : { type: 'viewer/error', viewId: message.viewId, message: found.refused };
}

/** A name that no other page invents. */
export function newId(prefix: string): string {
  const random = crypto.getRandomValues(new Uint32Array(3));
  return `${prefix}-${Array.from(random, (word) => word.toString(36)).join('')}`;
}

const lastPart = (path: string): string => path.split(/[\\/]/).filter(Boolean).at(-1) ?? path;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) > 0;
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function isTriple(value: unknown, holds: (each: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length === 3 && value.every(holds);
}
