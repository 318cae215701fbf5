import * as vscode from 'vscode';
import type { AdapterChoice } from '../adapterChoice';
import type { MedSaController } from '../controller';
import { errorText, type KernelClient } from '../kernelClient';
import { openNewNotebook } from '../notebooks';
import type { KnownRuns } from '../runs';
import { type FineTuneArguments, fineTune } from './fineTune';
import { installGpu, removeGpu } from './gpuSupport';
import { openExample } from './openExample';
import { useAdapters } from './useAdapters';

const firstCell = '// A PNG, JPEG, TIFF or NIfTI file, relative to this notebook.\nawait open("scan.png")';

/** The commands of the category "Med-SA". An error becomes a message, with the log one click away. */
export function registerCommands(
  kernel: KernelClient,
  controller: MedSaController,
  adapters: AdapterChoice,
  runs: KnownRuns,
  cli: string,
  examples: string,
): vscode.Disposable {
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
  return vscode.Disposable.from(
    command('medSa.newNotebook', () => openNewNotebook(firstCell)),
    command('medSa.openExample', () => openExample(examples)),
    command('medSa.fineTune', (given?: unknown) => fineTune(kernel, controller, runs, fineTuneArguments(given))),
    command('medSa.useAdapters', (given?: unknown) => useAdapters(adapters, controller, runs, adaptersArgument(given))),
    command('medSa.gpuInstall', () => installGpu(cli, kernel)),
    command('medSa.gpuRemove', () => removeGpu(cli, kernel)),
    command('medSa.restartKernel', () => kernel.restart()),
    command('medSa.showLog', () => kernel.log.show()),
  );
}

async function offerLog(kernel: KernelClient, message: string): Promise<void> {
  const answer = await vscode.window.showErrorMessage(message, 'Show Log');
  if (answer === 'Show Log') kernel.log.show();
}

/** A menu passes its own context as the argument; only an object with a data folder is meant for us. */
function fineTuneArguments(given: unknown): FineTuneArguments | undefined {
  const data = typeof given === 'object' && given !== null && 'data' in given ? given.data : undefined;
  return typeof data === 'string' ? (given as FineTuneArguments) : undefined;
}

function adaptersArgument(given: unknown): string | null | undefined {
  return typeof given === 'string' || given === null ? given : undefined;
}
