// What the extension and the page of an inspector panel say to each other besides the inspector's own messages.
import type { InspectorEvent, InspectorOutput, InspectorRequest } from './inspector';

export type ToInspectorPanel =
  | { type: 'panel/show'; output: InspectorOutput }
  /** There is nothing to show: why, and what to do. */
  | { type: 'panel/failed'; message: string }
  | InspectorEvent;

export type FromInspectorPanel = { type: 'panel/ready' } | InspectorRequest;
