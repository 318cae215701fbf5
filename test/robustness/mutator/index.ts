import { checkpointReaders } from './readers/checkpoints';
import { dataSetReaders } from './readers/dataSets';
import { dicomReaders } from './readers/dicoms';
import { messageReaders } from './readers/messages';
import { noteReaders } from './readers/notes';
import { pictureReaders } from './readers/pictures';
import { runReaders } from './readers/runs';
import { volumeReaders } from './readers/volumes';
import type { Reader } from './reader';

/** Everything that reads what others wrote, and everything that takes messages. */
export const readers: readonly Reader[] = [
  ...pictureReaders,
  ...volumeReaders,
  ...dicomReaders,
  ...checkpointReaders,
  ...runReaders,
  ...noteReaders,
  ...dataSetReaders,
  ...messageReaders,
];
