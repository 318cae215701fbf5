import path from 'node:path';
import * as vscode from 'vscode';
import type { FineTuneChoices, RunSummary } from '../../protocol';
import type { MedSaController } from '../controller';
import type { DataSet } from '../dataSets';
import { bestAdapters } from '../identity';
import type { KernelClient } from '../kernelClient';
import type { KnownData } from '../knownData';
import { t } from '../l10n';
import { notebookFolder, notebookKey, runNewCell } from '../notebooks';
import type { KnownRuns } from '../runs';
import { watchRun } from '../runWatch';
import { workspaceFolder } from '../settings';
import { requireTrust } from '../trust';
import { askStart } from './fineTuneCheck';
import { exportLabelled } from './fineTuneLabelled';
import { askData, askEpochs, askModel, askPrompts, askTune, type Choices, dataTitle } from './fineTuneQuestions';
import { type Answer, back, type Place } from './steps';

/** What is asked; the rest has the trainer's defaults unless an argument says otherwise. */
export type FineTuneArguments = FineTuneChoices & { data?: string };

export interface FineTuneServices {
  readonly kernel: KernelClient;
  readonly controller: MedSaController;
  readonly runs: KnownRuns;
  readonly data: KnownData;
  readonly cli: string;
}

const defaultEpochs = 10;

/** Starts a run on the user's data and shows its curves. With `given.data`, asks nothing. @returns the run's folder */
export async function fineTune(services: FineTuneServices, given: FineTuneArguments = {}): Promise<string | undefined> {
  if (!requireTrust(t('A run executes programs and writes files.'))) return undefined;
  const choices = given.data
    ? { epochs: defaultEpochs, ...given, data: given.data }
    : await askChoices(services, given);
  return choices && start(services, choices);
}

/** Asks everything but the data. */
export async function fineTuneOn(services: FineTuneServices, folder: string): Promise<string | undefined> {
  if (!requireTrust(t('A run executes programs and writes files.'))) return undefined;
  const choices = await askChoices(services, {}, folder);
  return choices && start(services, choices);
}

/** Where a run is started from: the notebook that the user means, else the workspace. */
function placeOf({ controller }: FineTuneServices): { notebook: string; folder: string } {
  const notebook = controller.activeNotebook;
  return notebook ? { notebook: notebookKey(notebook), folder: notebookFolder(notebook) } : workspacePlace();
}

/** To the kernel, what is asked from no notebook comes from one of its own. */
export const workspacePlace = () => ({ notebook: 'med-sa:side-bar', folder: workspaceFolder() });

async function start(services: FineTuneServices, choices: Choices): Promise<string> {
  const { kernel, controller, runs } = services;
  const where = placeOf(services);
  const { run } = await kernel.request('training/start', { ...where, ...choices });
  await runs.remember(run);
  followRun(kernel, where, run, t('Fine-tuning on {0}', path.basename(choices.data)));
  const notebook = controller.activeNotebook;
  if (notebook) await runNewCell(notebook, `await watch(${JSON.stringify(portable(run, where.folder))})`);
  else await vscode.commands.executeCommand('medSa.showCurves', run);
  return run;
}

/** Shows in a notification how far a run is, and at its end what came of it. */
export function followRun(
  kernel: KernelClient,
  where: { notebook: string; folder: string },
  run: string,
  title: string,
): void {
  void watchRun(kernel, where, run, title).then(
    (summary) => tellEnd(summary, run),
    (error: Error) => vscode.window.showErrorMessage(t('Fine-tuning cannot be followed: {0}', error.message)),
  );
}

/** Asks one question after another; each may be gone back to. `folder`: the data, where they are known. */
async function askChoices(
  services: FineTuneServices,
  given: FineTuneArguments,
  folder: string | null = null,
): Promise<Choices | undefined> {
  const { kernel, controller, cli, data } = services;
  const notebook = controller.activeNotebook;
  const labelled = notebook ? () => exportLabelled(kernel, notebook) : null;
  const choices: Choices = { epochs: defaultEpochs, ...given, data: '' };
  let found: DataSet | null = null;
  let first = folder;
  const questions = [
    async (place: Place) => {
      const answer = await askData(place, { cli, data, labelled }, first);
      first = null;
      return keep(answer, (set) => (choices.data = (found = set).folder));
    },
    async (place: Place) => keep(await askModel(place, cli), ({ model }) => (choices.model = model)),
    async (place: Place) =>
      keep(await askTune(place, found!), (tuned) =>
        Object.assign(choices, { depth: undefined, slices: undefined, ...tuned }),
      ),
    async (place: Place) => keep(await askPrompts(place), (prompted) => Object.assign(choices, prompted)),
    async (place: Place) =>
      keep(await askEpochs(place, choices.epochs ?? defaultEpochs), (epochs) => (choices.epochs = epochs)),
    async (place: Place) =>
      keep(
        await askStart(place, choices.epochs ?? defaultEpochs, (settings, token) =>
          kernel.request('training/forecast', { ...placeOf(services), ...choices, ...settings }, token),
        ),
        ({ settings }) => Object.assign(choices, settings),
      ),
  ];
  for (let step = 1; step <= questions.length;) {
    const title = found === null || step === 1 ? t('Fine-tune') : t('Fine-tune on {0}', dataTitle(found));
    const answer = await questions[step - 1]({ title, step, totalSteps: questions.length });
    if (answer === undefined) return undefined;
    step += answer === back ? -1 : 1;
  }
  return choices;
}

/** Keeps an answer; passes on that there was none, or that the user wants the question before. */
function keep<T>(answer: Answer<T>, store: (value: T) => unknown): true | typeof back | undefined {
  if (answer === undefined) return undefined;
  if (answer === back) return back;
  store(answer as T);
  return true;
}

/** A notebook that moves with its run finds it again. */
function portable(run: string, folder: string): string {
  const relative = path.relative(folder, run);
  const inside = relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative);
  return inside ? relative.split(path.sep).join('/') : run;
}

async function tellEnd({ status, name, message, bestDice }: RunSummary, run: string): Promise<void> {
  if (status === 'failed' || status === 'stale') {
    const showLog = t('Show Its Log');
    const said = t('Fine-tuning {0} failed: {1}', name, message ?? t('see log.txt in its folder'));
    if ((await vscode.window.showErrorMessage(said, showLog)) === showLog)
      await vscode.window.showTextDocument(vscode.Uri.file(path.join(run, 'log.txt')));
    return;
  }
  const said = status === 'stopped' ? t('Fine-tuning {0} was stopped.', name) : t('Fine-tuning {0} is done.', name);
  const dice = bestDice === null ? '' : ` ${t('Best validation Dice: {0}.', bestDice.toFixed(3))}`;
  const use = t('Use Adapters');
  const answer = await vscode.window.showInformationMessage(said + dice, ...(bestDice === null ? [] : [use]));
  if (answer === use) await vscode.commands.executeCommand('medSa.useAdapters', path.join(run, bestAdapters));
}
