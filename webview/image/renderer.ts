import type { ActivationFunction } from 'vscode-notebook-renderer';
import { addStyles, element } from '../shared/dom';
import type { HeldSlice } from './heldSlice';
import { type Announced, type ImageRequest, readImageEvent, readOutput } from './messages';
import { SliceCache } from './sliceCache';
import controls from './styles/controls.css';
import panel from './styles/panel.css';
import planes from './styles/planes.css';
import sizes from './styles/sizes.css';
import status from './styles/status.css';
import { Viewer } from './viewer';

/** Renders `application/vnd.med-sa.image+json`. */
export const activate: ActivationFunction = (context) => {
  const viewers = new Map<string, Viewer>();
  // One bound for the page, however many images it shows.
  const cache = new SliceCache<HeldSlice>();
  const post = (request: ImageRequest) => context.postMessage?.(request);
  // The sizes come last: they change what the others say.
  addStyles('med-sa-image-styles', [planes, controls, panel, status, sizes].join('\n'));

  context.onDidReceiveMessage?.((message: unknown) => {
    const event = readImageEvent(message);
    if (event === null) return;
    for (const viewer of viewers.values()) if (viewer.viewId === event.viewId) viewer.receive(event);
  });
  const dispose = (id: string) => {
    viewers.get(id)?.dispose();
    viewers.delete(id);
  };

  return {
    renderOutputItem(item, container) {
      const output = readOutput(parse(item.text()));
      // Every prompt updates the saved picture beside this output, which renders it again: the viewer stays.
      const present = viewers.get(item.id);
      if (output && present && isSame(present, output) && container.contains(present.root)) return;
      dispose(item.id);
      if (!output) {
        container.replaceChildren(element('p', {}, 'This image output is damaged or of a newer version of Med-SA.'));
        return;
      }
      const viewer = new Viewer(output, post, cache);
      viewers.set(item.id, viewer);
      container.replaceChildren(viewer.root);
    },
    disposeOutputItem(id) {
      for (const each of id === undefined ? [...viewers.keys()] : [id]) dispose(each);
    },
  };
};

/** Of an output that names no view, the page made up a name: then the image tells. */
function isSame(viewer: Viewer, output: Announced): boolean {
  const { viewId, image } = output.output;
  return viewId === undefined ? viewer.path === image.path : viewer.viewId === viewId;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
