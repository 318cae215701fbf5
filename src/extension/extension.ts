import path from 'node:path';
import * as vscode from 'vscode';
import { AdapterChoice } from './adapterChoice';
import { registerCommands } from './commands/register';
import { MedSaController } from './controller';
import { KernelClient } from './kernelClient';
import { RendererMessaging } from './rendererMessaging';
import { KnownRuns } from './runs';
import { kernelEnvironment, workspaceFolder } from './settings';
import { offerRestartOnChange } from './settingsWatch';
import { StatusBar } from './statusBar';

let kernel: KernelClient | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Med-SA', { log: true });
  const entry = path.join(context.extensionPath, 'dist', 'kernel.js');
  const cli = path.join(context.extensionPath, 'dist', 'cli.js');
  const examples = path.join(context.extensionPath, 'examples');
  kernel = new KernelClient(() => ({ entry, cwd: workspaceFolder(), env: kernelEnvironment() }), log);
  const adapters = new AdapterChoice(kernel, context.workspaceState);
  const controller = new MedSaController(kernel, adapters);
  const runs = new KnownRuns(context.workspaceState);
  context.subscriptions.push(
    log,
    kernel,
    controller,
    new RendererMessaging(kernel, adapters),
    new StatusBar(kernel),
    registerCommands(kernel, controller, adapters, runs, cli, examples),
    offerRestartOnChange(kernel),
  );
}

/** Waits for the kernel's end, so that it has written everything before the window is gone. */
export async function deactivate(): Promise<void> {
  await kernel?.stop();
}
