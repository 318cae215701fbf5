import path from 'node:path';
import * as vscode from 'vscode';
import { AdapterChoice } from './adapterChoice';
import { registerCommands } from './commands/register';
import { MedSaController } from './controller';
import { CurvesPanels } from './curvesPanels';
import { FirstSteps } from './firstSteps';
import { InspectorMessaging } from './inspectorMessaging';
import { InspectorPanels } from './inspectorPanels';
import { KernelClient } from './kernelClient';
import { KnownData } from './knownData';
import { RendererMessaging } from './rendererMessaging';
import { Reports } from './reports';
import { KnownRuns } from './runs';
import { kernelEnvironment, workspaceFolder } from './settings';
import { offerRestartOnChange } from './settingsWatch';
import { StatusBar } from './statusBar';
import { SideBar } from './views/sideBar';

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
  const curves = new CurvesPanels(kernel, context.extensionUri);
  const inspectors = new InspectorPanels(kernel, context.extensionUri);
  const data = new KnownData(context.workspaceState);
  const sideBar = new SideBar({ cli, runs, data, log });
  const statusBar = new StatusBar(kernel);
  const reports = new Reports();
  const firstSteps = new FirstSteps(kernel, context.globalState);
  context.subscriptions.push(
    log,
    kernel,
    controller,
    data,
    sideBar,
    statusBar,
    reports,
    firstSteps,
    new RendererMessaging(kernel, adapters),
    curves,
    inspectors,
    new InspectorMessaging(kernel),
    registerCommands({
      kernel,
      controller,
      adapters,
      runs,
      data,
      curves,
      inspectors,
      sideBar,
      statusBar,
      reports,
      firstSteps,
      cli,
      examples,
    }),
    offerRestartOnChange(kernel),
  );
}

/** Waits for the kernel's end, so that it has written everything before the window is gone. */
export async function deactivate(): Promise<void> {
  await kernel?.stop();
}
