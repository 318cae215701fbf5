import * as vscode from 'vscode';
import type { InspectorEvent, InspectorRequest } from '../protocol/inspector';
import { inspectorRequestSchema } from '../protocol/inspectorSchema';
import { problemOf } from '../protocol/problem';
import { inspectorRendererId } from './identity';
import { errorText, type KernelClient } from './kernelClient';
import { t } from './l10n';

/** Answers the inspectors that stand in notebooks: each request has one answer, for the editor that asked. */
export class InspectorMessaging implements vscode.Disposable {
  private readonly subscription: vscode.Disposable;

  constructor(kernel: KernelClient) {
    const channel = vscode.notebooks.createRendererMessaging(inspectorRendererId);
    this.subscription = channel.onDidReceiveMessage(async ({ editor, message }) => {
      const answer = await inspectorAnswer(kernel, message);
      if (answer !== null) await channel.postMessage(answer, editor);
    });
  }

  dispose(): void {
    this.subscription.dispose();
  }
}

/**
 * The kernel's answer to a page's message, or why there is none; null where nobody could be told. Starts no kernel: a new
 * one would know of no inspection.
 */
export async function inspectorAnswer(kernel: KernelClient, message: unknown): Promise<InspectorEvent | null> {
  if (!isInspectorRequest(message)) {
    kernel.log.warn('an inspector sent a message that is no request; it was dropped');
    return null;
  }
  const { viewId, requestId } = message;
  const failed = (message: string): InspectorEvent => ({ viewId, requestId, type: 'inspector/error', message });
  const { success, data: request, error: wrong } = inspectorRequestSchema.safeParse(message);
  if (!success) {
    kernel.log.warn(`an inspector sent a message that is no request (${problemOf(wrong)}); it was dropped`);
    return failed(t('The page sent a message that is no request ({0}); it was dropped.', problemOf(wrong)));
  }
  if (!vscode.workspace.isTrusted)
    return failed(t('This workspace is not trusted: the figures stay as they were saved.'));
  if (!kernel.running)
    return failed(t('The kernel that made this inspection has ended: run its cell, or the command, again.'));
  try {
    return await kernel.request('inspector/ask', { request });
  } catch (error) {
    return failed(errorText(error));
  }
}

/** Whether a page's message is meant as a request that can be answered. */
function isInspectorRequest(message: unknown): message is Pick<InspectorRequest, 'viewId' | 'requestId'> {
  if (typeof message !== 'object' || message === null) return false;
  const { type, viewId, requestId } = message as Record<string, unknown>;
  const named = typeof type === 'string' && type.startsWith('inspector/') && typeof viewId === 'string';
  return named && typeof requestId === 'number';
}
