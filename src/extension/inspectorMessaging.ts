import * as vscode from 'vscode';
import type { InspectorEvent, InspectorRequest } from '../protocol/inspector';
import { inspectorRendererId } from './identity';
import { errorText, type KernelClient } from './kernelClient';
import { t } from './l10n';

/** Answers the inspectors that stand in notebooks: each request has one answer, for the editor that asked. */
export class InspectorMessaging implements vscode.Disposable {
  private readonly subscription: vscode.Disposable;

  constructor(kernel: KernelClient) {
    const channel = vscode.notebooks.createRendererMessaging(inspectorRendererId);
    this.subscription = channel.onDidReceiveMessage(async ({ editor, message }) => {
      if (isInspectorRequest(message)) await channel.postMessage(await inspectorAnswer(kernel, message), editor);
      else kernel.log.warn('an inspector sent a message that is no request; it was dropped');
    });
  }

  dispose(): void {
    this.subscription.dispose();
  }
}

/** The kernel's answer, or why there is none. Starts no kernel: a new one would know of no inspection. */
export async function inspectorAnswer(kernel: KernelClient, request: InspectorRequest): Promise<InspectorEvent> {
  const { viewId, requestId } = request;
  const failed = (message: string): InspectorEvent => ({ viewId, requestId, type: 'inspector/error', message });
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

/** Whether a page's message is meant as a request; the kernel looks closer. */
export function isInspectorRequest(message: unknown): message is InspectorRequest {
  if (typeof message !== 'object' || message === null) return false;
  const { type, viewId, requestId } = message as Record<string, unknown>;
  const named = typeof type === 'string' && type.startsWith('inspector/') && typeof viewId === 'string';
  return named && typeof requestId === 'number';
}
