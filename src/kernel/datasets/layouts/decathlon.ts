import { z } from 'zod';
import { UserError } from '../../errors';
import { classesOf, readJson } from '../classNames';
import { stem, type DataFolder } from '../dataFolder';
import type { Case } from '../types';
import type { Layout } from './layout';

export const descriptionFile = 'dataset.json';

const pairSchema = z.object({ image: z.string(), label: z.string() });

/**
 * Medical Segmentation Decathlon: `dataset.json` lists the pairs of imagesTr and labelsTr and names the labels. Each
 * volume is its own group.
 */
export const decathlon: Layout = {
  name: 'decathlon',
  mark: `a ${descriptionFile} that lists "training" pairs`,
  async matches(folder) {
    if (!(await folder.has(descriptionFile)) || (await hasChannelFiles(folder))) return false;
    const { training } = await readJson(folder, descriptionFile);
    return Array.isArray(training) && training.length > 0 && pairSchema.safeParse(training[0]).success;
  },
  async read(folder) {
    const file = folder.path(descriptionFile);
    const { labels, training } = await readJson(folder, descriptionFile);
    const listed = z.array(pairSchema).min(1).safeParse(training);
    if (!listed.success) {
      throw new UserError(`${file}: "training" is no list of {"image", "label"}; correct it`, { file });
    }
    const classes = classesOf(file, labels);
    const cases = new Map<string, Case>();
    for (const [index, { image, label }] of listed.data.entries()) {
      const place = `${file}, pair ${index + 1} of "training"`;
      const [imageFile, labelFile] = [await folder.named(image, place), await folder.named(label, place)];
      const id = folder.relative(imageFile);
      if (cases.has(id)) throw new UserError(`${place}: ${image} is listed twice`, { file });
      const labels = [{ kind: 'map' as const, file: labelFile, classes }];
      cases.set(id, { id, group: stem(id), images: [imageFile], labels });
    }
    return { classes: classes.map(({ name }) => name), cases: [...cases.values()], notes: [] };
  },
};

/** Whether images stand in files per channel, as nnU-Net wants them. */
export const hasChannelFiles = async (folder: DataFolder): Promise<boolean> =>
  (await folder.files()).some((name) => /^imagesTr\/.*_0000\.[^/]+$/.test(name));
