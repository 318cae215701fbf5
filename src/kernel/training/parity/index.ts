import { UserError } from '../../errors';
import type { Precision } from '../../runtime/precision';
import type { Executor } from '../../runtime/types';
import { parityTolerances, ParityTable, type ParityRow } from './compare';
import { attachedSets, ParityFolder } from './folder';
import { checkAdamW, checkAttached } from './medsa';
import { checkSam } from './sam';

export { parityTolerances, type ParityRow } from './compare';

/**
 * Compares what this executor computes with goldens that another implementation computed (med-sa.md, section 7).
 * Sets that the folder does not have are left out. @param precision in which the executor computes @throws UserError when it has none.
 */
export async function checkParity(
  folder: string,
  executor: Executor,
  precision: Precision = 'exact',
): Promise<ParityRow[]> {
  const goldens = await ParityFolder.open(folder);
  const table = new ParityTable(parityTolerances[precision]);
  if (goldens.has('sam_io.safetensors')) await checkSam(goldens, executor, table);
  for (const set of attachedSets) {
    if (goldens.has(`${set}_io.safetensors`)) await checkAttached(goldens, executor, table, set);
  }
  if (goldens.has('adamw_io.safetensors')) await checkAdamW(goldens, executor, table);
  const rows = table.rows();
  if (rows.length === 0) {
    throw new UserError(
      `${folder} has no goldens: expected sam_io, medsa2d_io, medsa3d_io, lora_io or adamw_io .safetensors`,
      {
        file: folder,
      },
    );
  }
  return rows;
}
