import path from 'node:path';
import { UserError } from '../../errors';
import { isImageFile, stem, type DataFolder } from '../dataFolder';
import type { Case, ClassValues } from '../types';
import type { Layout } from './layout';
import { leftOut } from './notes';

/** The three that are seen (red, green, blue) come first: enhancing core, oedema, fluid; then T1 without contrast. */
const modalities = ['t1ce', 'flair', 't2', 't1'] as const;

/** Labels of the challenge until 2021: 1 necrotic core, 2 oedema, 4 enhancing tumour. The regions lie in each other. */
const regions: readonly ClassValues[] = [
  { name: 'WT', values: [1, 2, 4] },
  { name: 'TC', values: [1, 4] },
  { name: 'ET', values: [4] },
];

const fileName = /^(.+)_(t1|t1ce|t2|flair|seg)$/i;

/**
 * BraTS 2021 (and 2018–2020): of each subject `SUBJECT_t1`, `_t1ce`, `_t2`, `_flair` and `_seg`, wherever they lie in
 * the folder. Classes are the regions that the challenge scores: whole tumour, tumour core, enhancing tumour. Each
 * subject is its own group.
 */
export const brats: Layout = {
  name: 'brats',
  mark: 'volumes called SUBJECT_t1ce, SUBJECT_flair and SUBJECT_seg',
  async matches(folder) {
    const subjects = [...(await subjectsOf(folder)).values()];
    return subjects.some(({ files }) => ['t1ce', 'flair', 'seg'].every((kind) => files.has(kind)));
  },
  async read(folder) {
    const subjects = await subjectsOf(folder);
    const withSeg = [...subjects.values()].filter(({ files }) => files.has('seg'));
    if (withSeg.length === 0) {
      throw new UserError(`${folder.root} is not of the layout "brats": it needs ${brats.mark}`, { file: folder.root });
    }
    const cases = withSeg.map(({ subject, files }): Case => {
      const images = modalities.map((modality) => {
        const name = files.get(modality);
        if (name !== undefined) return folder.path(name);
        throw new UserError(`${folder.root}: ${subject} has no volume ${subject}_${modality}; add it`, {
          file: folder.root,
        });
      });
      const labels = [{ kind: 'map' as const, file: folder.path(files.get('seg')!), classes: regions }];
      return { id: subject, group: subject, images, labels };
    });
    const twice = cases.find(({ id }, index) => cases.findIndex((other) => other.id === id) !== index);
    if (twice) throw new UserError(`${folder.root} holds ${twice.id} twice: remove one of them`, { file: folder.root });
    const without = [...subjects.values()].filter(({ files }) => !files.has('seg')).map(({ subject }) => subject);
    return {
      classes: regions.map(({ name }) => name),
      cases,
      notes: leftOut(without, 'has no segmentation', 'have no segmentation', 'subject'),
    };
  },
};

interface Subject {
  readonly subject: string;
  /** Kind (t1, …, seg) → file. */
  readonly files: Map<string, string>;
}

/** By folder and name: the files of a subject lie together. */
async function subjectsOf(folder: DataFolder): Promise<Map<string, Subject>> {
  const subjects = new Map<string, Subject>();
  for (const name of (await folder.files()).filter(isImageFile)) {
    const match = fileName.exec(stem(name));
    if (!match) continue;
    const [, subject, kind] = match;
    const key = `${path.posix.dirname(name)}/${subject}`;
    const known = subjects.get(key) ?? { subject, files: new Map<string, string>() };
    subjects.set(key, known);
    known.files.set(kind.toLowerCase(), name);
  }
  return subjects;
}
