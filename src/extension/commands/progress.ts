import * as vscode from 'vscode';
import { t } from '../l10n';
import { type CliCall, runCli } from '../cliProcess';

/**
 * Runs a command under a notification that shows how far it is and can stop it. @returns what it prints; null when it
 * was stopped
 */
export function withProgress(call: CliCall, title: string): Thenable<unknown> {
  const location = vscode.ProgressLocation.Notification;
  return vscode.window.withProgress({ location, title, cancellable: true }, (progress, token) => {
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort());
    let shown = 0;
    const onLine = (line: string): void => {
      const [, done, total, what] = /^(\d+)\/(\d+) (.*)$/.exec(line) ?? [];
      if (what === undefined) return;
      const share = (100 * Number(done)) / Math.max(1, Number(total));
      progress.report({ message: t('{0} of {1} {2}', done, total, what), increment: Math.max(0, share - shown) });
      shown = Math.max(shown, share);
    };
    return runCli({ ...call, signal: stop.signal, onLine });
  });
}
