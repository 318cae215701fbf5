import fs from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { z } from 'zod';
import { type NewCell, openNewNotebook } from '../notebooks';
import { t } from '../l10n';

/** As much of a notebook file as an example needs; its title and description are nbformat's own place for metadata. */
const exampleSchema = z.object({
  metadata: z.object({ title: z.string(), description: z.string() }),
  cells: z.array(
    z.object({
      cell_type: z.enum(['code', 'markdown']),
      source: z.union([z.string(), z.array(z.string())]).transform((lines) => [lines].flat().join('')),
    }),
  ),
});

interface Example {
  readonly title: string;
  readonly description: string;
  readonly cells: readonly NewCell[];
}

/**
 * Offers the notebooks of a folder, in the order of their file names, and opens a copy of the chosen one: untitled, so
 * that what is run and saved is the user's and the example stays as it came.
 */
export async function openExample(folder: string): Promise<void> {
  const examples = await readExamples(folder);
  const items = examples.map((example) => ({ label: example.title, detail: example.description, example }));
  const picked = await vscode.window.showQuickPick(items, {
    title: t('Open Example'),
    placeHolder: t('They draw their own images: nothing is fetched'),
    matchOnDetail: true,
  });
  if (picked) await openNewNotebook(...picked.example.cells);
}

async function readExamples(folder: string): Promise<Example[]> {
  const names = (await fs.readdir(folder)).filter((name) => name.endsWith('.ipynb')).sort();
  return Promise.all(names.map((name) => readExample(path.join(folder, name))));
}

async function readExample(file: string): Promise<Example> {
  const { metadata, cells } = exampleSchema.parse(JSON.parse(await fs.readFile(file, 'utf8')));
  return {
    ...metadata,
    cells: cells.map(({ cell_type, source }) => (cell_type === 'code' ? source : { markdown: source })),
  };
}
