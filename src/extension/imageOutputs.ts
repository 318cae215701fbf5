import type * as vscode from 'vscode';
import { imageMime, type ImageOutput, type ImageOutputV1 } from '../protocol';
import { anyImageOutputSchema } from '../protocol/viewerSchemas';

/** What stands for images in the outputs of cells. A damaged output is no image; its renderer says so. */
export function imageOutputsOf(cells: readonly vscode.NotebookCell[]): (ImageOutput | ImageOutputV1)[] {
  const items = cells.flatMap(({ outputs }) => outputs.flatMap((output) => output.items));
  return items.flatMap(({ mime, data }) => {
    if (mime !== imageMime) return [];
    try {
      return [anyImageOutputSchema.parse(JSON.parse(new TextDecoder().decode(data)))];
    } catch {
      return [];
    }
  });
}
