import { fromHuggingFace, isHuggingFace } from './huggingFaceNames';

/**
 * The tensors of a SAM under SAM's own names, whatever file they come from: as SAM's authors named them, as `transformers`
 * does, and with what a training script put in front of every name (`module.` of DataParallel, `model.`, `sam.`).
 * Names that no SAM has are kept, for whoever checks them.
 */
export function inOwnNames<T>(tensors: ReadonlyMap<string, T>): Map<string, T> {
  const prefix = commonPrefix([...tensors.keys()]);
  const bare = new Map([...tensors].map(([name, tensor]) => [name.slice(prefix.length), tensor]));
  if (!isHuggingFace(bare.keys())) return bare;
  const names = fromHuggingFace(bare.keys());
  return new Map([...bare].map(([name, tensor]) => [names.get(name)!, tensor]));
}

/** What stands before the names of a SAM's parts, where it stands before every name. */
function commonPrefix(names: readonly string[]): string {
  const inside = names.find((name) => /(^|\.)(image|vision)_encoder\./.test(name)) ?? '';
  const prefix = inside.slice(0, Math.max(0, inside.search(/(image|vision)_encoder\./)));
  return names.every((name) => name.startsWith(prefix)) ? prefix : '';
}
