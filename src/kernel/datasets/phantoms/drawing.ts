import fs from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';

/** All that decides which files are drawn. */
export interface Drawing {
  readonly kind: '2d' | 'volume';
  readonly format: 'nifti' | 'dicom';
  readonly family: string | null;
  readonly count: number;
  readonly seed: number;
  readonly size: number;
}

/** Beside the data: what they were drawn with. */
const drawingFile = 'phantoms.json';

export async function writeDrawing(folder: string, drawing: Drawing): Promise<void> {
  await fs.writeFile(path.join(folder, drawingFile), `${JSON.stringify(drawing, null, 2)}\n`);
}

/** Whether a folder is what this drawing would make of it. */
export async function holdsDrawing(folder: string, drawing: Drawing): Promise<boolean> {
  try {
    const text = await fs.readFile(path.join(folder, drawingFile), 'utf8');
    return isDeepStrictEqual(JSON.parse(text), drawing);
  } catch {
    // Nothing drawn, or nothing that can be told: the folder is looked at as any other.
    return false;
  }
}
