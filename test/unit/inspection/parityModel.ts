// The parity goldens' models, ready to be inspected.
import path from 'node:path';
import type { TensorData } from '../../../src/kernel/graph';
import type { InspectedModel } from '../../../src/kernel/inspection';
import { ParityFolder, type AttachedSet } from '../../../src/kernel/training/parity/folder';
import { projectRoot } from '../../support/projectRoot';

export interface Goldens {
  readonly model: InspectedModel;
  /** Of `<set>_io.safetensors`. */
  readonly io: ReadonlyMap<string, TensorData>;
}

export async function goldensOf(folderName: string, set: AttachedSet): Promise<Goldens> {
  const folder = await ParityFolder.open(path.join(projectRoot, 'test', 'fixtures', 'parity', folderName));
  const options = folder.config.attached[set];
  if (options === undefined) throw new Error(`${folderName} has no ${set}`);
  return {
    model: {
      name: folderName,
      adaptersName: set,
      config: folder.config.sam,
      frozen: await folder.frozen(set),
      attached: await folder.tensors(`${set}_adapters.safetensors`),
      options,
    },
    io: await folder.tensors(`${set}_io.safetensors`),
  };
}

/** Image `index` of a batch [B, …] as a batch of one. */
export function one({ shape, data }: TensorData, index: number): TensorData {
  const size = data.length / shape[0];
  return { dtype: 'float32', shape: [1, ...shape.slice(1)], data: data.slice(index * size, (index + 1) * size) };
}
