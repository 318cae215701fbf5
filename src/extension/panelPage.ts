import { randomBytes } from 'node:crypto';
import type * as vscode from 'vscode';

export interface PanelPage {
  readonly title: string;
  /** What stands there until the script has begun. */
  readonly body?: string;
  /** What the page may take besides its script, as directives of a content security policy. */
  readonly allows?: (nonce: string) => readonly string[];
}

/** The page of a panel: only the extension's own script runs, nothing is sent anywhere, and no attribute is a program. */
export function panelPage(
  webview: vscode.Webview,
  script: vscode.Uri,
  { title, body = '', allows }: PanelPage,
): string {
  const nonce = randomBytes(16).toString('base64');
  const policy = [`default-src 'none'`, `script-src 'nonce-${nonce}'`, ...(allows?.(nonce) ?? [])].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${title}</title>
</head>
<body>
${body}
<script type="module" nonce="${nonce}" src="${webview.asWebviewUri(script).toString()}"></script>
</body>
</html>`;
}
