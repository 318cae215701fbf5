// What the extension and the page of an inspector panel say to each other besides the inspector's own messages.
import type { ImageOutput } from './image';
import type { InspectorBegin, InspectorEvent, InspectorOutput, InspectorRequest } from './inspector';
import type { ImageOutputV1 } from './viewerV1';

/** What a panel looks into. */
export interface InspectorSubject {
  readonly image: ImageOutput | ImageOutputV1;
  /** Absolute path. */
  readonly adapters: string;
  /** Absolute path that the image's path starts from. */
  readonly folder: string;
}

/** What its page keeps, so that the panel comes back with its window as it was. */
export type InspectorPanelState = InspectorSubject & {
  /** The slice and the prompts that were there last. */
  readonly begin: InspectorBegin | null;
};

export type ToInspectorPanel =
  | { type: 'panel/show'; output: InspectorOutput; subject: InspectorSubject }
  /** There is nothing to show: why, and what to do. */
  | { type: 'panel/failed'; message: string; subject: InspectorSubject }
  | InspectorEvent;

export type FromInspectorPanel = { type: 'panel/ready' } | InspectorRequest;
