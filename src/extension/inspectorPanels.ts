import * as vscode from 'vscode';
import type { InspectorSubject } from '../protocol/inspectorPanel';
import { inspectorSubjectSchema } from '../protocol/panelSchemas';
import { inspectorPanelType } from './identity';
import { InspectorPanel } from './inspectorPanel';
import type { KernelClient } from './kernelClient';
import { t } from './l10n';
import { restorePanels } from './restoredPanels';

/** The panels of this window that look into adapters. They come back with it when it is loaded again. */
export class InspectorPanels implements vscode.Disposable {
  private readonly serializer: vscode.Disposable;

  constructor(
    private readonly kernel: KernelClient,
    private readonly extension: vscode.Uri,
  ) {
    this.serializer = restorePanels(
      inspectorPanelType,
      inspectorSubjectSchema,
      (panel, state) => void this.fill(panel, state),
    );
  }

  /** Opens a panel beside the editor that looks into the image, or says why it cannot. */
  async open(subject: InspectorSubject, title: string): Promise<void> {
    const panel = vscode.window.createWebviewPanel(inspectorPanelType, title, vscode.ViewColumn.Beside, {
      retainContextWhenHidden: true,
    });
    const filled = this.fill(panel, subject);
    const location = vscode.ProgressLocation.Window;
    await vscode.window.withProgress({ location, title: t('Looking into the adapters…') }, () => filled.shown());
  }

  /** The panels themselves are the window's: after a reload they come back. */
  dispose(): void {
    this.serializer.dispose();
  }

  private fill(panel: vscode.WebviewPanel, subject: InspectorSubject): InspectorPanel {
    const filled = new InspectorPanel(panel, this.kernel, this.extension, subject);
    panel.onDidDispose(() => filled.dispose());
    return filled;
  }
}
