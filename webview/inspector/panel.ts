// The inspector in a panel of its own: the same page as in a notebook's output, with the extension at the other end.
import type { InspectorChannel, InspectorEvent, InspectorRequest } from '../../src/protocol/inspector';
import type { FromInspectorPanel, InspectorSubject } from '../../src/protocol/inspectorPanel';
import { inspectorPanelSchema } from '../../src/protocol/panelSchemas';
import { readInspectorEvent } from './messages';
import { mount } from './mount';

declare function acquireVsCodeApi(): {
  postMessage(message: FromInspectorPanel): void;
  setState(state: InspectorSubject): void;
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
  vscode.setState(message.subject);
  if (message.type === 'panel/failed') return place.replaceChildren(message.message);
  const { output } = message;
  shown?.dispose();
  // A view of its own each time: answers that are still on their way belong to the one before.
  shown = mount(place, output, channel, `panel-${views++}`);
});
vscode.postMessage({ type: 'panel/ready' });
