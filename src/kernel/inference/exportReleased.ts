import { z } from 'zod';
import { writeSafetensors } from '../checkpoints';
import { UserError } from '../errors';
import { toReleasedName } from '../medsa/releasedNames';
import { readNamedAdapters } from './adapterFile';
import { parseEntry } from './metadata';
import { exportedFormat } from './releasedFile';

export interface ReleasedExport {
  readonly tensors: number;
  /** Whether the released code computes with them what they were trained for. */
  readonly faithful: boolean;
  /** Names that the released code does not have: the decoder's adapters of the paper. */
  readonly unnamed: readonly string[];
}

const releasedOptions = z.object({ variant: z.literal('released') });

/**
 * Writes adapters in the released names, for PyTorch; all notes go with them, so that they can be read back whole.
 * @throws UserError when `file` holds no adapters or `out` cannot be written
 */
export async function exportReleased(file: string, out: string): Promise<ReleasedExport> {
  const { tensors, metadata } = await readNamedAdapters(file);
  if (metadata.tune !== 'adapters') {
    throw new UserError(`${file} holds no adapters (it was trained with --tune ${metadata.tune}): name another`, {
      file,
    });
  }
  const named = new Map([...tensors].map(([name, tensor]) => [toReleasedName(name), tensor]));
  await writeSafetensors(out, named, { ...metadata, format: exportedFormat });
  return {
    tensors: named.size,
    faithful: releasedOptions.safeParse(parseEntry(metadata.options)).success,
    // The mask decoder, where it learned too, has one name in both.
    unnamed: [...named.keys()].filter((name) => tensors.has(name) && name.includes('_adapter.')),
  };
}
