import * as vscode from 'vscode';
import { type CurvesState, freshState } from '../protocol';
import { curvesStateSchema } from '../protocol/panelSchemas';
import { CurvesPanel, curvesTitle } from './curvesPanel';
import { curvesPanelType } from './identity';
import type { KernelClient } from './kernelClient';
import { restorePanels } from './restoredPanels';

/** The panels with curves of this window. They come back with it when it is loaded again. */
export class CurvesPanels implements vscode.Disposable {
  private readonly panels = new Set<CurvesPanel>();
  private readonly serializer: vscode.Disposable;

  constructor(
    private readonly kernel: KernelClient,
    private readonly extension: vscode.Uri,
  ) {
    this.serializer = restorePanels(curvesPanelType, curvesStateSchema, (panel, state) => void this.fill(panel, state));
  }

  /** Shows the curves of these runs, absolute paths; a panel that shows just them comes to the front. */
  open(runs: readonly string[]): void {
    const present = [...this.panels].find((panel) => panel.shows(runs));
    if (present) {
      present.reveal();
      return;
    }
    const panel = vscode.window.createWebviewPanel(curvesPanelType, curvesTitle(runs), vscode.ViewColumn.Active, {
      retainContextWhenHidden: false,
    });
    this.fill(panel, freshState(runs));
  }

  dispose(): void {
    this.serializer.dispose();
    // The panels themselves are the window's: after a reload they come back.
    for (const panel of this.panels) panel.dispose();
  }

  private fill(panel: vscode.WebviewPanel, state: CurvesState): void {
    const filled = new CurvesPanel(panel, this.kernel, this.extension, state);
    this.panels.add(filled);
    panel.onDidDispose(() => {
      filled.dispose();
      this.panels.delete(filled);
    });
  }
}
