import os from 'node:os';
import * as vscode from 'vscode';
import { z } from 'zod';
import { runCli } from '../cliProcess';
import type { KernelClient } from '../kernelClient';
import { t } from '../l10n';
import type { StatusBar } from '../statusBar';
import { kernelText, statusDetails } from '../statusText';

type Action = vscode.QuickPickItem & { run?: () => Thenable<unknown> };

const command = (label: string, description: string, id: string, ...given: unknown[]): Action => ({
  label,
  description,
  run: () => vscode.commands.executeCommand(id, ...given),
});

/** What can be done about the kernel, what answers, and where it computes: a click on the status bar. */
export async function statusActions(kernel: KernelClient, bar: StatusBar): Promise<void> {
  await bar.ask();
  const { state } = bar;
  const [model, adapters, device] = statusDetails(state, t);
  const separator = (label: string): Action => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const actions: Action[] = [
    separator(t('What answers')),
    command(`$(plug) ${t('Use Adapters…')}`, adapters.value, 'medSa.useAdapters'),
    command(`$(symbol-misc) ${t('Models')}`, model.value, 'medSa.models.focus'),
    command(`$(chip) ${t('Device…')}`, device.value, 'medSa.chooseDevice'),
    command(`$(cloud-download) ${t('Install GPU Support (CUDA)…')}`, '', 'medSa.gpuInstall'),
    separator(`${t('Kernel')}: ${kernelText(state, t)}`),
    kernel.running
      ? command(`$(debug-restart) ${t('Restart Kernel')}`, t('variables of cells are lost'), 'medSa.restartKernel')
      : command(`$(play) ${t('Start Kernel')}`, '', 'medSa.restartKernel'),
    command(`$(debug-stop) ${t('Interrupt the Running Cell')}`, '', 'medSa.interruptKernel'),
    command(`$(output) ${t('Show Log')}`, '', 'medSa.showLog'),
    command(`$(pulse) ${t('Check This Installation')}`, '', 'medSa.doctor'),
    command(`$(gear) ${t('Settings')}`, '', 'workbench.action.openSettings', '@ext:med-sa.med-sa-notebook'),
  ];
  const picked = await vscode.window.showQuickPick(actions, { title: 'Med-SA', matchOnDescription: true });
  await picked?.run?.();
}

/** Chooses the device; beside each faster one stands why it does not work here, as far as the kernel has tried it. */
export async function chooseDevice(bar: StatusBar): Promise<void> {
  await bar.ask();
  const settings = vscode.workspace.getConfiguration('medSa');
  const present = settings.get('device', 'auto');
  const notes = bar.state.status?.deviceNotes ?? [];
  const devices: [name: string, description: string][] = [
    ['auto', t('The fastest device that works on this machine.')],
    ['cpu', t('The processor: works everywhere.')],
    ['cuda', t('An NVIDIA GPU through CUDA.')],
    ['webgpu', t('Any GPU through WebGPU.')],
    ['dml', t('A GPU on Windows through DirectML.')],
    ['coreml', t('Apple silicon through Core ML.')],
  ];
  const choices = devices.map(([name, description]) => ({
    label: name === present ? `$(check) ${name}` : name,
    description,
    detail: notes
      .find((note) => note.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim(),
    name,
  }));
  const picked = await vscode.window.showQuickPick(choices, {
    title: t('Device that answers clicks and trains'),
    placeHolder: t('A named device is never replaced by another one.'),
  });
  if (!picked || picked.name === present) return;
  const { ConfigurationTarget } = vscode;
  const target = vscode.workspace.workspaceFolders ? ConfigurationTarget.Workspace : ConfigurationTarget.Global;
  await settings.update('device', picked.name, target);
}

const healthSchema = z.object({ healthy: z.boolean() });

/** Runs `med-sa doctor` and shows what it found in the log. */
export async function doctor(cli: string, log: vscode.LogOutputChannel): Promise<void> {
  const location = vscode.ProgressLocation.Notification;
  const answer = await vscode.window.withProgress({ location, title: t('Checking this installation…') }, () =>
    runCli({ cli, arguments: ['doctor'], cwd: os.homedir() }),
  );
  log.info(`med-sa doctor\n${JSON.stringify(answer, null, 2)}`);
  const { healthy } = healthSchema.parse(answer);
  const show = t('Show Log');
  const said = healthy ? t('Med-SA works on this machine.') : t('Something is wrong with this installation.');
  if ((await vscode.window.showInformationMessage(said, show)) === show) log.show();
}
