import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import type { RunSummary } from '../protocol';
import type { KernelClient } from './kernelClient';
import { t } from './l10n';

const over: readonly RunSummary['status'][] = ['done', 'stopped', 'failed', 'stale'];

/**
 * Follows a run in a notification, whose Cancel stops the run; resolves with how it ended.
 * The extension attaches as one more view of the run, so there is one way to learn of it.
 */
export function watchRun(
  kernel: KernelClient,
  where: { notebook: string; folder: string },
  run: string,
  title: string,
): Thenable<RunSummary> {
  const viewId = `extension-${randomUUID()}`;
  const attach = () =>
    kernel.request('viewer/request', { ...where, request: { type: 'training/attach', viewId, run } });
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };

  return vscode.window.withProgress(options, (progress, token) => {
    const subscriptions: vscode.Disposable[] = [];
    let shown = 0;
    return new Promise<RunSummary>((resolve, reject) => {
      subscriptions.push(
        token.onCancellationRequested(() => kernel.request('training/stop', { run }).catch(reject)),
        kernel.onDidStart(() => attach().catch(reject)),
        kernel.on('viewer/event', ({ event }) => {
          if (event.viewId !== viewId) return;
          if (event.type === 'training/error') reject(new Error(event.message));
          if (event.type !== 'training/summary') return;
          const { summary } = event;
          const percent = (100 * summary.epoch) / Math.max(1, summary.epochs);
          progress.report({ message: describe(summary), increment: Math.max(0, percent - shown) });
          shown = Math.max(shown, percent);
          if (over.includes(summary.status)) resolve(summary);
        }),
      );
      attach().catch(reject);
    }).finally(() => subscriptions.forEach((subscription) => subscription.dispose()));
  });
}

function describe({ status, epoch, epochs, bestDice }: RunSummary): string {
  if (status === 'starting') return t('starting…');
  const dice = bestDice === null ? '' : `, ${t('best validation Dice {0}', bestDice.toFixed(3))}`;
  return t('epoch {0} of {1}', epoch, epochs) + dice;
}
