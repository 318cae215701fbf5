import type { InspectorEvent, InspectorSummary } from '../../src/protocol/inspector';

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isNumbers = (value: unknown): boolean => Array.isArray(value) && value.every(isNumber);

/** An inspection as a cell's output holds it, where it is one; a notebook may come from anywhere. */
export function readInspection(value: unknown): InspectorSummary | null {
  if (!isRecord(value) || !isRecord(value.cells) || !Array.isArray(value.blocks)) return null;
  const texts = [value.inspection, value.model, value.adapters].every((text) => typeof text === 'string');
  const counts = [value.slices, value.heads, value.width, value.height, value.cells.columns, value.cells.rows];
  const sized = counts.every((count) => isNumber(count) && count > 0);
  const blocks = value.blocks.length > 0 && value.blocks.every(isBlock);
  return texts && sized && blocks ? (value as unknown as InspectorSummary) : null;
}

function isBlock(value: unknown): boolean {
  if (!isRecord(value) || typeof value.name !== 'string' || !isNumbers(value.change)) return false;
  return Array.isArray(value.attachments) && value.attachments.every(isAttachment);
}

function isAttachment(value: unknown): boolean {
  if (!isRecord(value) || typeof value.name !== 'string' || !isNumbers(value.share)) return false;
  if (!isRecord(value.channels) || !isNumber(value.channels.addition) || !isNumber(value.channels.hidden)) return false;
  return value.activity === null || (isRecord(value.activity) && isNumbers(value.activity.histogram));
}

/** Whether a message is an event for a view of an inspection. */
export function isInspectorEvent(message: unknown): message is InspectorEvent {
  if (!isRecord(message) || typeof message.type !== 'string') return false;
  return message.type.startsWith('inspector/') && typeof message.viewId === 'string' && isNumber(message.requestId);
}
