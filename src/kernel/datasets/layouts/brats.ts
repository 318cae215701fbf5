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
    const kinds = [...(await subjectsOf(folder)).values()];
    return kinds.some((files) => ['t1ce', 'flair', 'seg'].every((kind) => files.has(kind)));
  },
  async read(folder) {
    const subjects = await subjectsOf(folder);
    const withSeg = [...subjects].filter(([, files]) => files.has('seg'));
    if (withSeg.length === 0) {
      throw new UserError(`${folder.root} is not of the layout "brats": it needs ${brats.mark}`, { file: folder.root });
    }
    const cases = withSeg.map(([subject, files]): Case => {
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
    const without = [...subjects.keys()].filter((subject) => !subjects.get(subject)?.has('seg'));
    return {
      classes: regions.map(({ name }) => name),
      cases,
      notes: leftOut(without, 'has no segmentation', 'have no segmentation', 'subject'),
    };
  },
};

/** Subject → kind (t1, …, seg) → file. @throws UserError when a kind is there twice. */
async function subjectsOf(folder: DataFolder): Promise<Map<string, Map<string, string>>> {
  const subjects = new Map<string, Map<string, string>>();
  for (const name of (await folder.files()).filter(isImageFile)) {
    const match = fileName.exec(stem(name));
    if (!match) continue;
    const [, subject, written] = match;
    const kind = written.toLowerCase();
    const files = subjects.get(subject) ?? new Map<string, string>();
    const other = files.get(kind);
    if (other !== undefined) {
      throw new UserError(`${folder.root} holds ${other} and ${name}: remove one of them`, { file: folder.root });
    }
    subjects.set(subject, files.set(kind, name));
  }
  return subjects;
}
