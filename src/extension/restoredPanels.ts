import * as vscode from 'vscode';
import type * as z from 'zod/mini';

/** Panels of this type come back with their window, as what their page kept says; one that kept nothing of use is closed. */
export function restorePanels<T>(
  type: string,
  schema: z.ZodMiniType<T>,
  fill: (panel: vscode.WebviewPanel, state: T) => void,
): vscode.Disposable {
  return vscode.window.registerWebviewPanelSerializer(type, {
    deserializeWebviewPanel: (panel, state: unknown) => {
      const { success, data } = schema.safeParse(state);
      if (success) fill(panel, data);
      else panel.dispose();
      return Promise.resolve();
    },
  });
}
