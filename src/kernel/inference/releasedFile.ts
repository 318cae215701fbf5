import type { TensorFile } from '../checkpoints';
import type { AdapterOptions } from '../medsa/options';
import { fromReleasedName } from '../medsa/releasedNames';
import { inOwnNames } from '../sam/checkpointNames';

/** `format` of a file that the product wrote in the released names. */
export const exportedFormat = 'med-sa-adapters-released';

/**
 * A file in the released names as one in the product's own. What its notes do not tell follows from its tensors: the
 * bottleneck, and whether there is a depth branch.
 */
export function fromReleasedFile({ tensors: found, metadata }: TensorFile): TensorFile {
  const tensors = new Map([...inOwnNames(found)].map(([name, tensor]) => [fromReleasedName(name), tensor]));
  if (metadata.format === exportedFormat) return { tensors, metadata: { ...metadata, format: 'med-sa-adapters' } };
  const names = [...tensors.keys()];
  const down = names.find((name) => name.endsWith('_adapter.down.weight'));
  const options: AdapterOptions = {
    variant: 'released',
    bottleneck: down === undefined ? 1 : tensors.get(down)!.shape[0],
    decoderBottleneck: 32,
    scale: 0.5,
    // How many slices a volume had is not told; the weights serve any number.
    slices: names.some((name) => name.includes('.depth_adapter.')) ? 1 : null,
    padding: 'after-norm',
    prompt: 'none',
  };
  const notes = { format: 'med-sa-adapters', tune: 'adapters', step: '0' };
  return { tensors, metadata: { ...notes, options: JSON.stringify(options) } };
}
