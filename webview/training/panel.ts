// The page of the curves panel.
import uplotCss from 'uplot/dist/uPlot.min.css';
import type { CurvesPanelMessage, CurvesPanelStart, TrainingRequest } from '../../src/protocol';
import { curvesPanelStartSchema } from '../../src/protocol/panelSchemas';
import { base64Of } from '../shared/base64';
import type { CurvesHost } from './host';
import { readTrainingEvent } from './messages';
import css from './training.css';
import { CurvesView } from './view';

declare function acquireVsCodeApi(): {
  postMessage(message: CurvesPanelMessage | TrainingRequest): void;
  setState(state: unknown): void;
};

const code = acquireVsCodeApi();
let view: CurvesView | null = null;

const host: CurvesHost = {
  post: (request) => code.postMessage(request),
  save: (name, content) => void save(name, content),
  remember: (state) => {
    code.setState(state);
    code.postMessage({ type: 'panel/state', state });
  },
};

async function save(name: string, content: Blob): Promise<void> {
  const base64 = base64Of(new Uint8Array(await content.arrayBuffer()));
  code.postMessage({ type: 'panel/save', name, base64 });
}

// A sheet that a script makes needs no leave of the page's policy, as a <style> element would.
const sheet = new CSSStyleSheet();
sheet.replaceSync(`${uplotCss}${css}`);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];

window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  const event = readTrainingEvent(data);
  if (event !== null) return void view?.receive(event);
  const { success, data: asked } = curvesPanelStartSchema.safeParse(data);
  if (success) start(asked);
  else console.warn('The panel of curves got a message that it does not know; it is left out.');
});
code.postMessage({ type: 'panel/ready' });

function start({ viewId, state }: CurvesPanelStart): void {
  view?.dispose();
  view = new CurvesView(viewId, state, host);
  document.body.replaceChildren(view.root);
  host.remember(state);
  view.attach();
}
