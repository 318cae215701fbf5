import type { RunSummary, TrainingEvent } from '../../src/protocol';

/** A run as a cell's output holds it, where it is one; a notebook may come from anywhere. */
export function readSummary(value: unknown): RunSummary | null {
  if (!isRecord(value) || !isRecord(value.dice)) return null;
  const texts = [value.run, value.name, value.status].every((text) => typeof text === 'string');
  const counts = [value.epochs, value.epoch].every((count) => typeof count === 'number');
  const curves = [value.loss, ...Object.values(value.dice)].every(isCurve);
  const tables = value.curves === undefined || (Array.isArray(value.curves) && value.curves.every(isTable));
  return texts && counts && curves && tables ? (value as unknown as RunSummary) : null;
}

/** Whether a message is an event for a view of a run. */
export function isTrainingEvent(message: unknown): message is TrainingEvent {
  if (!isRecord(message) || typeof message.type !== 'string') return false;
  return message.type.startsWith('training/') && typeof message.viewId === 'string';
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
