import path from 'node:path';
import * as vscode from 'vscode';
import type { FineTuneChoices, RunSummary } from '../../protocol';
import type { MedSaController } from '../controller';
import { bestAdapters } from '../identity';
import type { KernelClient } from '../kernelClient';
import { notebookFolder, notebookKey, openNewNotebook, runNewCell } from '../notebooks';
import type { KnownRuns } from '../runs';
import { watchRun } from '../runWatch';
import { requireTrust } from '../trust';
import { type Answer, back, count, type Place, pick } from './steps';

/** What is asked; the rest has the trainer's defaults unless an argument says otherwise. */
export type FineTuneArguments = FineTuneChoices & { data?: string };

const title = 'Fine-tune on Your Data';
const defaultEpochs = 10;

/** Starts a run on the user's data and shows it in a cell. With `given.data`, asks nothing. */
export async function fineTune(
  kernel: KernelClient,
  controller: MedSaController,
  runs: KnownRuns,
  given: FineTuneArguments = {},
): Promise<string | undefined> {
  if (!requireTrust('A run executes programs and writes files.')) return undefined;
  const choices = given.data ? { ...given, data: given.data } : await askChoices(given);
  if (!choices) return undefined;

  const notebook = controller.activeNotebook ?? (await openNewNotebook());
  const where = { notebook: notebookKey(notebook), folder: notebookFolder(notebook) };
  const { run } = await kernel.request('training/start', { ...where, epochs: defaultEpochs, ...choices });
  await runs.remember(run);
  const watching = watchRun(kernel, where, run, `Fine-tuning on ${path.basename(choices.data)}`);
  void watching.then(
    (summary) => tellEnd(summary, run),
    (error: Error) => vscode.window.showErrorMessage(`Fine-tuning cannot be followed: ${error.message}`),
  );
  await runNewCell(notebook, `await watch(${JSON.stringify(portable(run, where.folder))})`);
  return run;
}

type Choices = FineTuneArguments & { data: string };

/** Asks one question after another; each may be gone back to. */
async function askChoices(given: FineTuneArguments): Promise<Choices | undefined> {
  const choices: Choices = { epochs: defaultEpochs, ...given, data: '' };
  const questions = [
    async (place: Place) => keepAnswer(await askData(place), (data) => (choices.data = data)),
    async (place: Place) => keepAnswer(await askTune(place), (tune) => (choices.tune = tune)),
    async (place: Place) =>
      keepAnswer(
        await count(place, epochsPrompt, choices.epochs ?? defaultEpochs),
        (epochs) => (choices.epochs = epochs),
      ),
  ];
  for (let step = 1; step <= questions.length;) {
    const answer = await questions[step - 1]({ title, step, totalSteps: questions.length });
    if (answer === undefined) return undefined;
    step += answer === back ? -1 : 1;
  }
  return choices;
}

/** Keeps an answer; passes on that there was none, or that the user wants the question before. */
function keepAnswer<T>(answer: Answer<T>, keep: (value: T) => void): true | typeof back | undefined {
  if (answer === undefined) return undefined;
  if (answer === back) return back;
  keep(answer);
  return true;
}

const epochsPrompt = 'Epochs: how often training sees every image. Training can be stopped at any time.';

/** Folders of the workspace that hold a `pairs.csv`, or any other folder. */
async function askData(place: Place) {
  const tables = await vscode.workspace.findFiles('**/pairs.csv', '**/node_modules/**', 50);
  const folders = [...new Set(tables.map(({ fsPath }) => path.dirname(fsPath)))].sort();
  const browse = { label: '$(folder-opened) Browse…', description: 'a folder with images and masks', value: '' };
  const choices = folders.map((folder) => ({
    label: `$(folder) ${path.basename(folder)}`,
    description: vscode.workspace.asRelativePath(folder),
    value: folder,
  }));
  const answer = folders.length > 0 ? await pick(place, 'Which data?', [...choices, browse]) : browse.value;
  return answer === '' ? openFolder() : answer;
}

async function openFolder(): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: 'Folder with Images and Masks',
    openLabel: 'Fine-tune on This Folder',
    canSelectFolders: true,
    canSelectFiles: false,
  });
  return chosen?.[0]?.fsPath;
}

function askTune(place: Place) {
  return pick<NonNullable<FineTuneArguments['tune']>>(place, 'What is trained?', [
    {
      label: 'Adapters',
      description: 'recommended',
      detail: 'A few per cent of the weights, beside the frozen model: a small file per task.',
      value: 'adapters',
    },
    {
      label: 'LoRA',
      detail: 'Low-rank updates of the attentions, merged into the model where they are used: the smallest file.',
      value: 'lora',
    },
    { label: 'Mask decoder', detail: 'The small head of the model only; the image encoder stays.', value: 'decoder' },
    { label: 'Whole model', detail: 'Every weight: needs the most data, memory and time.', value: 'full' },
  ]);
}

/** A notebook that moves with its run finds it again. */
function portable(run: string, folder: string): string {
  const relative = path.relative(folder, run);
  const inside = relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative);
  return inside ? relative.split(path.sep).join('/') : run;
}

async function tellEnd({ status, name, message, bestDice }: RunSummary, run: string): Promise<void> {
  if (status === 'failed' || status === 'stale') {
    await vscode.window.showErrorMessage(`Fine-tuning ${name} failed: ${message ?? 'see log.txt in its folder'}`);
    return;
  }
  const said = status === 'stopped' ? 'was stopped' : 'is done';
  const dice = bestDice === null ? '' : ` Best validation Dice: ${bestDice.toFixed(3)}.`;
  const use = 'Use Adapters';
  const answer = await vscode.window.showInformationMessage(
    `Fine-tuning ${name} ${said}.${dice}`,
    ...(bestDice === null ? [] : [use]),
  );
  if (answer === use) await vscode.commands.executeCommand('medSa.useAdapters', path.join(run, bestAdapters));
}
