import * as vscode from 'vscode';
import type { AdapterChoice } from '../adapterChoice';
import type { MedSaController } from '../controller';
import { errorText, type KernelClient } from '../kernelClient';
import type { FirstSteps } from '../firstSteps';
import type { KnownData } from '../knownData';
import { t } from '../l10n';
import { openNewNotebook } from '../notebooks';
import type { CurvesPanels } from '../curvesPanels';
import type { InspectorPanels } from '../inspectorPanels';
import type { Reports } from '../reports';
import type { KnownRuns } from '../runs';
import type { StatusBar } from '../statusBar';
import { requireTrust } from '../trust';
import type { Row } from '../views/row';
import type { SideBar } from '../views/sideBar';
import { firstCell } from './firstCell';
import { type FineTuneArguments, fineTune, fineTuneOn } from './fineTune';
import { fineTuneLabelled } from './fineTuneLabelled';
import { openFolder } from './fineTuneQuestions';
import { installGpu, removeGpu } from './gpuSupport';
import { inspectAdapters } from './inspect';
import { addModel, getModel, removeModel, useModel } from './modelActions';
import { openExample } from './openExample';
import { deleteRun, evaluateRun, resumeRun, revealFolder, stopRun } from './runActions';
import { showCurves } from './showCurves';
import { chooseDevice, doctor, statusActions } from './statusActions';
import { useAdapters } from './useAdapters';

export interface CommandServices {
  readonly kernel: KernelClient;
  readonly controller: MedSaController;
  readonly adapters: AdapterChoice;
  readonly runs: KnownRuns;
  readonly data: KnownData;
  readonly curves: CurvesPanels;
  readonly inspectors: InspectorPanels;
  readonly sideBar: SideBar;
  readonly statusBar: StatusBar;
  readonly reports: Reports;
  readonly firstSteps: FirstSteps;
  /** The built command line, `cli.js`. */
  readonly cli: string;
  /** The folder of example notebooks. */
  readonly examples: string;
}

/** The commands of the category "Med-SA". An error becomes a message, with the log one click away. */
export function registerCommands(services: CommandServices): vscode.Disposable {
  const { kernel, controller, runs, data, curves, sideBar, statusBar, cli, examples } = services;
  const command = <A extends unknown[]>(id: string, run: (...args: A) => Promise<unknown> | void) =>
    vscode.commands.registerCommand(id, async (...args: A) => {
      try {
        return await run(...args);
      } catch (error) {
        kernel.log.error(`${id}: ${errorText(error)}`);
        void offerLog(kernel, errorText(error));
        return undefined;
      }
    });
  /** For what reads checkpoints and data, or starts a process: not in a workspace that nobody trusts. */
  const trusted = <A extends unknown[]>(id: string, run: (...args: A) => Promise<unknown> | void) =>
    command(id, (...args: A) =>
      requireTrust(t('Checkpoints, data and runs are read in trusted workspaces only.')) ? run(...args) : undefined,
    );
  return vscode.Disposable.from(
    command('medSa.newNotebook', () => openNewNotebook(firstCell())),
    command('medSa.openExample', () => openExample(examples)),
    command('medSa.fineTune', (given?: unknown) => fineTune(services, fineTuneArguments(given))),
    command('medSa.fineTuneLabelled', () => fineTuneLabelled(services)),
    command('medSa.useAdapters', (given?: unknown) => apply(services, adaptersArgument(given))),
    command('medSa.inspect', (given?: unknown) => inspectAdapters(services, given)),
    command('medSa.showCurves', (given?: unknown) => showCurves(curves, runs, runsArgument(given))),
    command('medSa.gpuInstall', () => installGpu(cli, kernel)),
    command('medSa.gpuRemove', () => removeGpu(cli, kernel)),
    trusted('medSa.restartKernel', () => kernel.restart()),
    command('medSa.interruptKernel', () => controller.interruptActive()),
    command('medSa.showLog', () => kernel.log.show()),
    command('medSa.statusActions', () => statusActions(kernel, statusBar)),
    command('medSa.chooseDevice', () => chooseDevice(statusBar)),
    trusted('medSa.doctor', () => doctor(cli, kernel.log)),

    command('medSa.refresh', () => sideBar.refreshAll()),
    trusted('medSa.run.curves', (row: Row) => showCurves(curves, runs, [row.id])),
    trusted('medSa.run.useAdapters', (row: Row) => applyRun(services, row.id)),
    trusted('medSa.run.resume', (row: Row) => resumeRun(services, row.id)),
    trusted('medSa.run.stop', (row: Row) => stopRun(services, row.id)),
    trusted('medSa.run.reveal', (row: Row) => revealFolder(row.id)),
    trusted('medSa.run.evaluate', (row: Row) => evaluateRun(services, row.id)),
    trusted('medSa.run.delete', (row: Row) => deleteRun(services, row.id)),
    trusted('medSa.model.get', (row: Row) => getModel(services, row.id)),
    trusted('medSa.model.add', () => addModel(services)),
    trusted('medSa.model.use', (row: Row) => useModel(row.context.includes('embedded') ? null : row.id)),
    trusted('medSa.model.remove', (row: Row) => removeModel(services, row.id)),
    trusted('medSa.data.add', async () => {
      const folder = await openFolder();
      if (folder) await data.add(folder);
    }),
    trusted('medSa.data.fineTune', (row: Row) => fineTuneOn(services, row.id)),
    trusted('medSa.data.remove', (row: Row) => data.remove(row.id)),
    trusted('medSa.data.reveal', (row: Row) => revealFolder(row.id)),
  );
}

async function apply({ adapters, controller, runs, firstSteps }: CommandServices, file?: string | null): Promise<void> {
  if (await useAdapters(adapters, controller, runs, file)) firstSteps.did('apply');
}

async function applyRun(services: CommandServices, run: string): Promise<void> {
  const trained = (await services.runs.adapters()).find((one) => one.run === run);
  if (trained) return apply(services, trained.file);
  void vscode.window.showWarningMessage(t('This run has no adapters yet: its first epoch is not over.'));
}

async function offerLog(kernel: KernelClient, message: string): Promise<void> {
  const show = t('Show Log');
  if ((await vscode.window.showErrorMessage(message, show)) === show) kernel.log.show();
}

/** A menu passes its own context as the argument; only an object with a data folder is meant for us. */
function fineTuneArguments(given: unknown): FineTuneArguments | undefined {
  const data = typeof given === 'object' && given !== null && 'data' in given ? given.data : undefined;
  return typeof data === 'string' ? (given as FineTuneArguments) : undefined;
}

/** A folder, or several. */
function runsArgument(given: unknown): string[] {
  const folders: unknown[] = Array.isArray(given) ? given : [given];
  return folders.filter((folder) => typeof folder === 'string');
}

function adaptersArgument(given: unknown): string | null | undefined {
  return typeof given === 'string' || given === null ? given : undefined;
}
