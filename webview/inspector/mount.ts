import type { InspectorBegin, InspectorChannel, InspectorOutput } from '../../src/protocol/inspector';
import { addStyles } from '../shared/dom';
import css from './inspector.css';
import { InspectorView } from './view';

/**
 * Shows an inspection in an element, of a notebook's output or of a panel. Two views of one inspection need two ids.
 * Returns what takes it down. `keep` is told what the page would have to begin with to be as it is now.
 */
export function mount(
  root: HTMLElement,
  output: InspectorOutput,
  channel: InspectorChannel,
  viewId: string,
  keep?: (begin: InspectorBegin) => void,
): { dispose(): void } {
  addStyles('med-sa-inspector-styles', css);
  const view = new InspectorView(viewId, output, channel, keep);
  root.replaceChildren(view.root);
  return view;
}
