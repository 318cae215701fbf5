import type { ActivationFunction } from 'vscode-notebook-renderer';
import type { InspectorChannel, InspectorEvent } from '../../src/protocol/inspector';
import { element } from '../shared/dom';
import { readInspection, readInspectorEvent } from './messages';
import { mount } from './mount';

/** Renders `application/vnd.med-sa.inspector+json`. */
export const activate: ActivationFunction = (context) => {
  const views = new Map<string, { dispose(): void }>();
  const listeners = new Set<(event: InspectorEvent) => void>();
  // Two editors may show the same output; each webview's view has a name of its own.
  const instance = Math.random().toString(36).slice(2);
  const channel: InspectorChannel = {
    post: (request) => context.postMessage?.(request),
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  context.onDidReceiveMessage?.((message: unknown) => {
    const event = readInspectorEvent(message);
    if (event !== null) for (const listener of listeners) listener(event);
  });
  const dispose = (id: string): void => {
    views.get(id)?.dispose();
    views.delete(id);
  };
  return {
    renderOutputItem(item, container) {
      dispose(item.id);
      const output = readInspection(parse(item.text()));
      if (output === null) {
        container.replaceChildren(element('p', {}, 'This inspection is damaged or of a newer version of Med-SA.'));
        return;
      }
      const place = element('div');
      container.replaceChildren(place);
      views.set(item.id, mount(place, output, channel, `${instance}/${item.id}`));
    },
    disposeOutputItem(id) {
      for (const each of id === undefined ? [...views.keys()] : [id]) dispose(each);
    },
  };
};

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
