import type { InspectorChannel, InspectorOutput } from '../../src/protocol/inspector';
import { addStyles } from '../shared/dom';
import css from './inspector.css';
import { InspectorView } from './view';

/**
 * Shows an inspection in an element, of a notebook's output or of a panel. Two views of one inspection need two ids.
 * Returns what takes it down.
 */
export function mount(
  root: HTMLElement,
  output: InspectorOutput,
  channel: InspectorChannel,
  viewId: string,
): { dispose(): void } {
  addStyles('med-sa-inspector-styles', css);
  const view = new InspectorView(viewId, output, channel);
  root.replaceChildren(view.root);
  return view;
}
