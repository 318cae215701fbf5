import { UserError } from '../../errors';
import { classesOf, readJson } from '../classNames';
import { isImageFile, stem, type DataFolder } from '../dataFolder';
import type { Case } from '../types';
import { descriptionFile, hasChannelFiles } from './decathlon';
import type { Layout } from './layout';
import { leftOut } from './notes';

/**
 * nnU-Net's raw data, first and second version: `imagesTr/CASE_0000.nii.gz`, a file for each channel, and
 * `labelsTr/CASE.nii.gz`; `dataset.json` names the labels (regions of several labels, too). Each case is its own group.
 */
export const nnunet: Layout = {
  name: 'nnunet',
  mark: `a ${descriptionFile} and images called imagesTr/CASE_0000.…`,
  matches: async (folder) => (await folder.has(descriptionFile)) && (await hasChannelFiles(folder)),
  async read(folder) {
    const file = folder.path(descriptionFile);
    const { labels } = await readJson(folder, descriptionFile);
    const classes = classesOf(file, labels);
    const channels = await channelsOf(folder);
    const masks = (await folder.files()).filter((name) => name.startsWith('labelsTr/') && isImageFile(name));
    const cases = masks.map((mask): Case => {
      const identity = stem(mask);
      const images = channels.get(identity);
      if (!images) {
        throw new UserError(
          `${folder.root}: ${mask} has no image imagesTr/${identity}_0000; add it or remove the mask`,
          {
            file: folder.path(mask),
          },
        );
      }
      const labels = [{ kind: 'map' as const, file: folder.path(mask), classes }];
      return { id: identity, group: identity, images: images.map((name) => folder.path(name)), labels };
    });
    requireEqualChannels(folder, cases);
    const without = [...channels].filter(([identity]) => !cases.some(({ id }) => id === identity));
    return {
      classes: classes.map(({ name }) => name),
      cases,
      notes: leftOut(
        without.map(([, [first]]) => first),
        'has no label map',
        'have no label map',
      ),
    };
  },
};

/** Case → its files in the order of the channels. @throws UserError when a channel is missing. */
async function channelsOf(folder: DataFolder): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const name of (await folder.files()).filter((file) => file.startsWith('imagesTr/') && isImageFile(file))) {
    const match = /^(.+)_(\d{4})$/.exec(stem(name));
    if (!match) {
      throw new UserError(`${folder.root}: ${name} does not end in the number of its channel, as _0000; rename it`, {
        file: folder.path(name),
      });
    }
    const [, identity, channel] = match;
    const own = found.get(identity) ?? [];
    // The listing is sorted: channel 0 comes first.
    if (Number(channel) !== own.length) {
      throw new UserError(
        `${folder.root}: imagesTr/${identity} lacks the channel _${String(own.length).padStart(4, '0')}; add it`,
        { file: folder.path(name) },
      );
    }
    found.set(identity, [...own, name]);
  }
  return found;
}

function requireEqualChannels(folder: DataFolder, cases: readonly Case[]): void {
  if (cases.length === 0) {
    throw new UserError(`${folder.root} has no label maps in labelsTr: add those of imagesTr`, { file: folder.root });
  }
  const [first] = cases;
  const other = cases.find(({ images }) => images.length !== first.images.length);
  if (!other) return;
  throw new UserError(
    `${folder.root}: ${first.id} has ${first.images.length} channels but ${other.id} has ${other.images.length}; ` +
      'all cases need the same',
    { file: folder.root },
  );
}
