import type { ActivationFunction } from 'vscode-notebook-renderer';
import uplotCss from 'uplot/dist/uPlot.min.css';
import { addStyles, element } from '../shared/dom';
import { freshState } from '../../src/protocol';
import type { CurvesHost } from './host';
import { readSummary, readTrainingEvent } from './messages';
import css from './training.css';
import { CurvesView } from './view';

/** Renders `application/vnd.med-sa.training+json`. */
export const activate: ActivationFunction = (context) => {
  const views = new Map<string, CurvesView>();
  const host: CurvesHost = {
    // Without messaging the saved curves are all there is, which is something.
    post: (request) => context.postMessage?.(request),
    save: download,
    // The cell's code says which run it shows.
    remember: () => undefined,
  };
  // Two editors may show the same output; each webview's view has a name of its own.
  const instance = Math.random().toString(36).slice(2);
  addStyles('med-sa-uplot-styles', uplotCss);
  addStyles('med-sa-training-styles', css);

  context.onDidReceiveMessage?.((message: unknown) => {
    const event = readTrainingEvent(message);
    if (event === null) return;
    for (const view of views.values()) if (view.receive(event)) return;
  });
  const dispose = (id: string) => {
    views.get(id)?.dispose();
    views.delete(id);
  };

  return {
    renderOutputItem(item, container) {
      const summary = readSummary(parse(item.text()));
      const present = views.get(item.id);
      // While it trains, the kernel updates the saved output too: the view stays and takes what is new.
      if (summary && present?.run === summary.run && container.contains(present.root))
        return present.showSaved(summary);
      dispose(item.id);
      if (!summary) {
        container.replaceChildren(element('p', {}, 'This training output is damaged or of a newer version of Med-SA.'));
        return;
      }
      const view = new CurvesView(`${instance}/${item.id}`, freshState([summary.run]), host);
      views.set(item.id, view);
      container.replaceChildren(view.root);
      view.showSaved(summary);
      view.attach();
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

/** VS Code takes a click on such a link as "save as…". */
function download(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = element('a', { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  // Whoever saves it may read it after the click.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
