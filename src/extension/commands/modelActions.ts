import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { z } from 'zod';
import { runCli } from '../cliProcess';
import { t } from '../l10n';
import { listModels } from '../modelList';
import type { SideBar } from '../views/sideBar';
import { sizeText } from '../views/figures';
import { withProgress } from './progress';

export interface ModelServices {
  readonly cli: string;
  readonly sideBar: SideBar;
}

/** Fetches a published model after its size and licence were told. What came before a cancel is kept. */
export async function getModel({ cli, sideBar }: ModelServices, name: string): Promise<void> {
  const { models, folder } = await listModels(cli);
  const model = models.find((one) => one.name === name);
  const size = model?.size ? sizeText(model.size) : '?';
  const detail = t('{0}, licence {1}. It goes into {2}.', model?.title ?? name, model?.licence ?? '?', folder);
  const get = t('Get It');
  const answer = await vscode.window.showInformationMessage(
    t('Fetch {0} ({1})?', name, size),
    { modal: true, detail },
    get,
  );
  if (answer !== get) return;
  const call = { cli, arguments: ['models', 'get', name], cwd: os.homedir() };
  const got = await withProgress(call, t('Getting {0}', name)).then(
    (value) => value,
    (error: Error) => {
      sideBar.refreshModels();
      throw error;
    },
  );
  sideBar.refreshModels();
  if (got === null) {
    void vscode.window.showInformationMessage(t('Getting {0} was stopped; the same command goes on from there.', name));
    return;
  }
  await offerUse(name);
}

async function offerUse(name: string): Promise<void> {
  const use = t('Use It');
  if ((await vscode.window.showInformationMessage(t('{0} is here now.', name), use)) === use) await useModel(name);
}

/** New images are opened with it; null: with the embedded model. */
export async function useModel(name: string | null): Promise<void> {
  const { ConfigurationTarget } = vscode;
  const target = vscode.workspace.workspaceFolders ? ConfigurationTarget.Workspace : ConfigurationTarget.Global;
  await vscode.workspace.getConfiguration('medSa').update('model', name ?? undefined, target);
}

export async function openCheckpoint(openLabel: string): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: t('SAM Checkpoint'),
    openLabel,
    filters: { [t('Checkpoints')]: ['safetensors', 'pth', 'pt', 'bin'] },
  });
  return chosen?.[0]?.fsPath;
}

/** Makes a checkpoint of the user's a model that is known by its name. */
export async function addModel({ cli, sideBar }: ModelServices): Promise<void> {
  const file = await openCheckpoint(t('Add This Model'));
  if (!file) return;
  const copy = {
    label: t('Copy it'),
    detail: t('The file may be moved or deleted afterwards.'),
    given: [] as string[],
  };
  const link = {
    label: t('Link to it'),
    detail: t('Takes no space; the file has to stay where it is.'),
    given: ['--link'],
  };
  const how = await vscode.window.showQuickPick([copy, link], { title: t('Add {0}', path.basename(file)) });
  if (!how) return;
  const call = { cli, arguments: ['models', 'add', file, ...how.given], cwd: os.homedir() };
  const answer = await withProgress(call, t('Adding {0}', path.basename(file)));
  sideBar.refreshModels();
  if (answer === null) return;
  const { name } = z.object({ name: z.string() }).parse(answer);
  await offerUse(name);
}

/** Removes a model from this machine after a question; of a link, the file that it leads to stays. */
export async function removeModel({ cli, sideBar }: ModelServices, name: string): Promise<void> {
  const remove = t('Remove');
  const detail = t('Runs that began with it need it to go on. A published model can be fetched again.');
  const question = t('Remove the model {0} from this machine?', name);
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, remove)) !== remove) return;
  const answer = await runCli({ cli, arguments: ['models', 'remove', name], cwd: os.homedir() });
  sideBar.refreshModels();
  const { bytes } = z.object({ bytes: z.number() }).parse(answer);
  if (vscode.workspace.getConfiguration('medSa').get('model') === name) await useModel(null);
  void vscode.window.setStatusBarMessage(`$(check) ${t('{0} removed: {1} freed.', name, sizeText(bytes))}`, 5000);
}
