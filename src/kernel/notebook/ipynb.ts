import fs from 'node:fs/promises';
import { z } from 'zod';
import type { CellOutput, OutputItem } from '../../protocol';
import { UserError } from '../errors';
import { writeFileAtomically } from '../files';

const textSchema = z.union([z.string(), z.array(z.string())]).transform((text) => [text].flat().join(''));
const metadataSchema = z.record(z.string(), z.unknown());

const cellSchema = z.looseObject({
  id: z.string().optional(),
  cell_type: z.enum(['code', 'markdown', 'raw']),
  metadata: metadataSchema.default({}),
  source: textSchema,
  outputs: z.array(z.looseObject({ output_type: z.string() })).optional(),
  execution_count: z.number().nullable().optional(),
});

const notebookSchema = z.looseObject({
  nbformat: z.literal(4),
  nbformat_minor: z.number(),
  metadata: metadataSchema,
  cells: z.array(cellSchema),
});

/** One output in the file's own form. */
export type NotebookOutput = { output_type: string } & Record<string, unknown>;
export type NotebookCell = z.infer<typeof cellSchema> & { outputs?: NotebookOutput[] };
/** A notebook file (nbformat 4). Fields that this project does not know are kept. */
export type NotebookFile = Omit<z.infer<typeof notebookSchema>, 'cells'> & { cells: NotebookCell[] };

/** @throws UserError for a file that is missing or that is no notebook. */
export async function readNotebook(file: string): Promise<NotebookFile> {
  let text: string;
  try {
    text = await fs.readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`the notebook ${file} is not there or cannot be read: check the path`, { file, cause: error });
  }
  try {
    return notebookSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new UserError(`${file} is no Jupyter notebook of format 4: open and save it with a current editor`, {
      file,
      cause: error,
    });
  }
}

/** Writes a notebook as nbformat 4.5, with the indentation of Jupyter; a reader sees the old file or the new one. */
export async function writeNotebook(file: string, notebook: NotebookFile): Promise<void> {
  const cells = notebook.cells.map((cell, index) => ({
    ...cell,
    id: cell.id ?? `cell-${index + 1}`,
    source: linesOf(cell.source),
    ...(cell.cell_type === 'code'
      ? { execution_count: cell.execution_count ?? null, outputs: cell.outputs ?? [] }
      : {}),
  }));
  const text = JSON.stringify({ ...notebook, cells, nbformat: 4, nbformat_minor: 5 }, null, 1);
  await writeFileAtomically(file, [Buffer.from(`${text}\n`)]);
}

/** The outputs of one cell as they come in, in the file's own form. */
export class OutputList {
  readonly outputs: NotebookOutput[] = [];
  private readonly displays = new Map<string, NotebookOutput>();

  add(output: CellOutput): void {
    switch (output.kind) {
      case 'clear':
        this.outputs.length = 0;
        this.displays.clear();
        return;
      case 'stream':
        this.addStream(output.name, output.text);
        return;
      case 'error':
        this.outputs.push({
          output_type: 'error',
          ename: output.name,
          evalue: output.message,
          traceback: (output.stack || `${output.name}: ${output.message}`).split('\n'),
        });
        return;
      case 'display':
        this.addDisplay(output.displayId, output.replace, output.items);
    }
  }

  private addStream(name: string, text: string): void {
    const last = this.outputs[this.outputs.length - 1];
    if (last?.output_type === 'stream' && last.name === name) last.text = linesOf([last.text].flat().join('') + text);
    else this.outputs.push({ output_type: 'stream', name, text: linesOf(text) });
  }

  private addDisplay(displayId: string | null, replace: boolean, items: readonly OutputItem[]): void {
    const data = Object.fromEntries(items.map((item) => [item.mime, contentOf(item)]));
    const shown = displayId !== null && replace ? this.displays.get(displayId) : undefined;
    if (shown !== undefined) {
      shown.data = data;
      return;
    }
    const output = { output_type: 'display_data', data, metadata: {} };
    this.outputs.push(output);
    if (displayId !== null) this.displays.set(displayId, output);
  }
}

/** JSON mimes hold JSON, text holds lines, pictures base64. */
function contentOf({ mime, encoding, data }: OutputItem): unknown {
  if (encoding === 'base64') return data;
  return /[/+]json$/.test(mime) ? (JSON.parse(data) as unknown) : linesOf(data);
}

const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
