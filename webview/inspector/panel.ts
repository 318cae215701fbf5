// The inspector in a panel of its own: the same page as in a notebook's output, with the extension at the other end.
import type { InspectorBegin, InspectorChannel, InspectorEvent, InspectorRequest } from '../../src/protocol/inspector';
import type { FromInspectorPanel, InspectorPanelState } from '../../src/protocol/inspectorPanel';
import { inspectorBeginSchema } from '../../src/protocol/inspectorEventSchema';
import { inspectorPanelSchema } from '../../src/protocol/panelSchemas';
import { readInspectorEvent } from './messages';
import { mount } from './mount';

declare function acquireVsCodeApi(): {
  postMessage(message: FromInspectorPanel): void;
  getState(): unknown;
  setState(state: InspectorPanelState): void;
};

const vscode = acquireVsCodeApi();
const listeners = new Set<(event: InspectorEvent) => void>();
const channel: InspectorChannel = {
  post: (request: InspectorRequest) => vscode.postMessage(request),
  listen: (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
const place = document.getElementById('inspector')!;
let shown: { dispose(): void } | null = null;
let views = 0;

window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  const event = readInspectorEvent(data);
  if (event !== null) return listeners.forEach((listener) => listener(event));
  const { success, data: message } = inspectorPanelSchema.safeParse(data);
  if (!success) return console.warn('The inspector got a message that it does not know; it is left out.');
  const { image, adapters, folder } = message.subject;
  const keep = (begin: InspectorBegin | null): void => vscode.setState({ image, adapters, folder, begin });
  const kept = keptBegin();
  keep(kept);
  if (message.type === 'panel/failed') return place.replaceChildren(message.message);
  const { summary, begin } = message.output;
  const output = { ...message.output, begin: kept && kept.slice < summary.slices ? kept : begin };
  shown?.dispose();
  // A view of its own each time: answers that are still on their way belong to the one before.
  shown = mount(place, output, channel, `panel-${views++}`, keep);
});
vscode.postMessage({ type: 'panel/ready' });

/** What the page had before its window was loaded again, or it itself; null in a new panel. */
function keptBegin(): InspectorBegin | null {
  const state = vscode.getState();
  const begin: unknown = typeof state === 'object' && state !== null && 'begin' in state ? state.begin : null;
  return inspectorBeginSchema.safeParse(begin).data ?? null;
}
