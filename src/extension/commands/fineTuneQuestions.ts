import path from 'node:path';
import * as vscode from 'vscode';
import type { FineTuneChoices } from '../../protocol';
import { type DataSet, describeData } from '../dataSets';
import { shortList } from '../forecastText';
import type { KnownData } from '../knownData';
import { t } from '../l10n';
import { isUsable, listModels } from '../modelList';
import { dataSummary } from '../views/dataRows';
import { sizeText } from '../views/figures';
import { openCheckpoint } from './modelActions';
import { type Answer, back, type Choice, count, type Place, pick, wait } from './steps';

export type Choices = FineTuneChoices & { data: string };

export interface QuestionServices {
  readonly cli: string;
  readonly data: KnownData;
  /** Exports what is labelled in the active notebook; null where there is none. @returns the folder */
  readonly labelled: (() => Promise<string>) | null;
}

const browse = Symbol('browse');
const labelled = Symbol('labelled');
const embedded = Symbol('the default');

/** One folder of data after another, until one can be read; `given` is tried first. */
export async function askData(
  place: Place,
  { cli, data, labelled: exportLabelled }: QuestionServices,
  given: string | null,
): Promise<Answer<DataSet>> {
  let next: string | null = given;
  let problem: string | null = null;
  const folders = (await data.folders()).map(({ folder }) => folder);
  for (;;) {
    if (next !== null) {
      const folder: string = next;
      const found = await wait<DataSet | Error>(place, t('Reading {0}…', folder), (signal) =>
        describeData(cli, folder, signal).catch((error: Error) => error),
      );
      if (!(found instanceof Error)) return found as Answer<DataSet>;
      problem = found.message;
    }
    const answer: Answer<string | symbol> = await pick(
      place,
      problem === null ? t('Which data?') : t('Which data? That folder cannot be used.'),
      dataChoices(folders, problem, exportLabelled !== null),
    );
    if (answer === undefined) return undefined;
    if (answer === back) return back;
    next = typeof answer === 'string' ? answer : null;
    try {
      if (answer === browse) next = (await openFolder()) ?? null;
      if (answer === labelled && exportLabelled !== null) next = await exportLabelled();
      if (next === null) problem = null;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
  }
}

function dataChoices(
  folders: readonly string[],
  problem: string | null,
  canExport: boolean,
): Choice<string | symbol>[] {
  return [
    ...(problem === null
      ? []
      : [{ label: `$(error) ${t('Not usable')}`, detail: problem, value: browse, alwaysShow: true }]),
    ...folders.map((folder) => ({
      label: `$(folder) ${path.basename(folder)}`,
      description: vscode.workspace.asRelativePath(folder),
      value: folder,
    })),
    ...(canExport
      ? [
          {
            label: `$(edit) ${t('What is labelled in this notebook')}`,
            description: t('its images and masks become a data set'),
            value: labelled,
          },
        ]
      : []),
    { label: `$(folder-opened) ${t('Browse…')}`, description: t('a folder with images and masks'), value: browse },
  ];
}

export async function openFolder(): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: t('Folder with Images and Masks'),
    openLabel: t('Use This Folder'),
    canSelectFolders: true,
    canSelectFiles: false,
  });
  return chosen?.[0]?.fsPath;
}

/** The model that is taught: one that is here, or a file. `undefined` as a choice: what the settings say. */
export async function askModel(place: Place, cli: string): Promise<Answer<{ model: string | undefined }>> {
  const set = vscode.workspace.getConfiguration('medSa').get('model', '').trim();
  const list = await wait(place, t('Looking for models…'), () => listModels(cli).then(({ models }) => models));
  if (list === undefined || list === back) return list;
  for (;;) {
    const answer: Answer<string | symbol> = await pick<string | symbol>(place, t('Which model is taught?'), [
      ...(set === ''
        ? []
        : [{ label: `$(symbol-misc) ${set}`, description: t('the setting medSa.model'), value: embedded }]),
      ...list.filter(isUsable).map(({ name, title, size }) => ({
        label: `$(symbol-misc) ${name}`,
        description: [title, size === null ? '' : sizeText(size)].filter(Boolean).join(' · '),
        value: name,
      })),
      {
        label: `$(folder-opened) ${t('Browse…')}`,
        description: t('a SAM checkpoint (.safetensors, .pth); the Models view fetches published ones'),
        value: browse,
      },
    ]);
    if (answer === undefined) return undefined;
    if (answer === back) return back;
    if (answer === embedded) return { model: undefined };
    if (typeof answer === 'string') return { model: answer };
    const file = await openCheckpoint(t('Teach This Model'));
    if (file !== undefined) return { model: file };
  }
}

type Tuned = Pick<FineTuneChoices, 'tune' | 'depth' | 'slices' | 'withDecoder'>;

/** What learns; depth only where there are volumes. */
export function askTune(place: Place, { cases, pictures }: DataSet): Promise<Answer<Tuned>> {
  const volumes: Choice<Tuned>[] = [
    {
      label: t('Adapters with depth'),
      description: t('for volumes'),
      detail: t('Eight neighbouring slices see each other (SD-Trans): more memory and time.'),
      value: { tune: 'adapters', depth: 'sd-trans', slices: 8 },
    },
  ];
  return pick<Tuned>(place, t('What is trained?'), [
    {
      label: t('Adapters'),
      description: t('recommended'),
      detail: t('A few per cent of the weights, beside the frozen model: a small file per task.'),
      value: { tune: 'adapters' },
    },
    {
      label: t('Adapters and mask decoder'),
      description: t('for a small model'),
      detail: t('The small head learns too, as a whole: often better where the base model knows little.'),
      value: { tune: 'adapters', withDecoder: true },
    },
    ...(pictures < cases ? volumes : []),
    {
      label: t('LoRA'),
      detail: t('Low-rank updates of the attentions: the smallest file.'),
      value: { tune: 'lora' },
    },
    {
      label: t('Mask decoder'),
      detail: t('Only the small head; what the image encoder sees is computed once.'),
      value: { tune: 'decoder' },
    },
    {
      label: t('Whole model'),
      detail: t('Every weight: needs the most data, memory and time.'),
      value: { tune: 'full' },
    },
  ]);
}

type Prompted = Pick<FineTuneChoices, 'promptSetting'>;

export function askPrompts(place: Place): Promise<Answer<Prompted>> {
  return pick<Prompted>(place, t('Which prompts will you give?'), [
    {
      label: t('Clicks and boxes'),
      description: t('recommended'),
      detail: t('A mixture, with corrective clicks: the model answers all of them.'),
      value: { promptSetting: undefined },
    },
    { label: t('One click'), detail: t('A single point inside of the object.'), value: { promptSetting: '1-point' } },
    { label: t('Three clicks'), detail: t('A point and two corrections.'), value: { promptSetting: '3-points' } },
    { label: t('Loose boxes'), detail: t('They overlap the object by half.'), value: { promptSetting: 'bbox-0.5' } },
    {
      label: t('Tight boxes'),
      detail: t('They overlap the object by three quarters.'),
      value: { promptSetting: 'bbox-0.75' },
    },
  ]);
}

export const askEpochs = (place: Place, epochs: number): Promise<Answer<number>> =>
  count(
    place,
    t('Epochs: how often training sees every image. Training can be stopped and resumed at any time.'),
    epochs,
  );

/** What was found, for the title of the questions that follow. */
export const dataTitle = (found: DataSet): string =>
  `${path.basename(found.folder)}: ${dataSummary(found, t)}, ${shortList(found.classes.map(({ name }) => name))}`;
