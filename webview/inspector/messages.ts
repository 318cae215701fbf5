import type { InspectorEvent, InspectorOutput, InspectorSummary } from '../../src/protocol/inspector';

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isNumbers = (value: unknown): boolean => Array.isArray(value) && value.every(isNumber);

/** An inspection as a cell's output holds it, where it is one; a notebook may come from anywhere. */
export function readInspection(value: unknown): InspectorOutput | null {
  if (!isRecord(value) || value.version !== 1 || !isRecord(value.begin)) return null;
  const { slice, prompts } = value.begin;
  const summary = readSummary(value.summary);
  if (summary === null || !isNumber(slice) || slice < 0 || slice >= summary.slices) return null;
  const begins =
    Array.isArray(prompts) && prompts.length === 2 && prompts.every((one) => one === null || isPrompts(one));
  return begins ? (value as unknown as InspectorOutput) : null;
}

function isPrompts(value: unknown): boolean {
  if (!isRecord(value) || !Array.isArray(value.points)) return false;
  const points = value.points.every((point) => isRecord(point) && [point.x, point.y, point.label].every(isNumber));
  return points && (value.box === null || (isNumbers(value.box) && (value.box as number[]).length === 4));
}

function readSummary(value: unknown): InspectorSummary | null {
  if (!isRecord(value) || !isRecord(value.cells) || !Array.isArray(value.blocks)) return null;
  const texts = [value.inspection, value.model, value.adapters].every((text) => typeof text === 'string');
  if (!isNumber(value.firstSlice)) return null;
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
