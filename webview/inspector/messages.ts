import type { InspectorEvent, InspectorOutput } from '../../src/protocol/inspector';
import { inspectorEventSchema, inspectorOutputSchema } from '../../src/protocol/inspectorEventSchema';
import { checked, isAddressed } from '../shared/checked';

/** An inspection as a cell's output holds it, where it is one; a notebook may come from anywhere. */
export function readInspection(value: unknown): InspectorOutput | null {
  return inspectorOutputSchema.safeParse(value).data ?? null;
}

/** The answer that a message is; one that is malformed becomes an error for whoever asked; null: none. */
export function readInspectorEvent(message: unknown): InspectorEvent | null {
  if (!isAddressed(message, 'inspector/')) return null;
  const found = checked<InspectorEvent>(inspectorEventSchema, message);
  if ('event' in found) return found.event;
  const { viewId, requestId } = message as { viewId: string; requestId?: unknown };
  if (typeof requestId !== 'number') return null;
  return { type: 'inspector/error', viewId, requestId, message: found.refused };
}
