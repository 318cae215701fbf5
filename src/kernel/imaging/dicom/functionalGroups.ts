import type { DataSet } from './dataSet';
import { tags } from './tags';

/**
 * The item that describes one frame in a functional group: of the frame itself, else shared by all frames, else the
 * object's own attributes, where classic objects have them (PS3.3 C.7.6.16).
 */
export function groupOf(data: DataSet, frame: number, sequence: number): DataSet {
  return (
    data.items(tags.PerFrameFunctionalGroupsSequence)[frame]?.item(sequence) ??
    data.item(tags.SharedFunctionalGroupsSequence)?.item(sequence) ??
    data
  );
}
