import type { RunSummary, TrainingEvent } from '../../src/protocol';
import { trainingEventSchema } from '../../src/protocol/viewerEventSchemas';
import { checked, isAddressed } from '../shared/checked';

/** A run as a cell's output holds it, where it is one; a notebook may come from anywhere. */
export function readSummary(value: unknown): RunSummary | null {
  if (!isRecord(value) || !isRecord(value.dice)) return null;
  const texts = [value.run, value.name, value.status].every((text) => typeof text === 'string');
  const counts = [value.epochs, value.epoch].every((count) => typeof count === 'number');
  const curves = [value.loss, ...Object.values(value.dice)].every(isCurve);
  const tables = value.curves === undefined || (Array.isArray(value.curves) && value.curves.every(isTable));
  return texts && counts && curves && tables ? (value as unknown as RunSummary) : null;
}

/** The event for a view of a run that a message is; one that is malformed becomes an error for its view; null: none. */
export function readTrainingEvent(message: unknown): TrainingEvent | null {
  if (!isAddressed(message, 'training/')) return null;
  const found = checked<TrainingEvent>(trainingEventSchema, message);
  return 'event' in found ? found.event : { type: 'training/error', viewId: message.viewId, message: found.refused };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isCurve(value: unknown): boolean {
  return Array.isArray(value) && value.every((point) => Array.isArray(point) && point.length === 2);
}

function isTable(value: unknown): boolean {
  if (!isRecord(value) || !Array.isArray(value.steps) || !Array.isArray(value.curves)) return false;
  return value.curves.every((curve) => isRecord(curve) && isRecord(curve.name) && Array.isArray(curve.values));
}
