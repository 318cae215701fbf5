import path from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors';
import { isImageFile, stem, type DataFolder } from '../dataFolder';
import type { Case, Polygons } from '../types';
import { parseXml, textsOf, type XmlElement } from '../xml';
import type { Layout } from './layout';
import { leftOut } from './notes';

/** What the text of <svg> holds. */
const regionsSchema = z.array(z.object({ points: z.array(z.object({ x: z.number(), y: z.number() })).max(100_000) }));

/**
 * DDTI, the thyroid images of the Universidad Nacional de Colombia: of each patient `N.xml` with marks, and pictures
 * `N_1.jpg`, `N_2.jpg` beside it. A mark names its picture and holds outlines as JSON in <svg>; all outlines of a picture
 * are its nodules. A patient is a group.
 */
export const ddti: Layout = {
  name: 'ddti',
  mark: 'patients N.xml with pictures N_1.jpg beside them',
  async matches(folder) {
    const files = await folder.files();
    const pictures = new Set(files.filter(isImageFile).map(withoutExtension));
    return files.some((name) => /(^|\/)\d+\.xml$/i.test(name) && pictures.has(`${withoutExtension(name)}_1`));
  },
  async read(folder) {
    const files = await folder.files();
    const pictures = new Map(files.filter(isImageFile).map((name) => [withoutExtension(name), name]));
    const cases: Case[] = [];
    const [missing, unmarked] = [new Set<string>(), new Set(pictures.values())];
    for (const name of files.filter((file) => /\.xml$/i.test(file))) {
      for (const [image, outlines] of await outlinesOf(folder, name)) {
        const key = `${withoutExtension(name)}_${image}`;
        const picture = pictures.get(key);
        if (picture === undefined) {
          missing.add(key);
          continue;
        }
        unmarked.delete(picture);
        const label: Polygons = { kind: 'polygons', file: folder.path(name), className: 'nodule', outlines };
        cases.push({ id: picture, group: withoutExtension(name), images: [folder.path(picture)], labels: [label] });
      }
    }
    if (cases.length === 0) {
      throw new UserError(`${folder.root} is not of the layout "ddti": it needs ${ddti.mark}`, { file: folder.root });
    }
    return {
      classes: ['nodule'],
      cases,
      notes: [
        ...leftOut([...unmarked], 'has no outline', 'have no outline', 'picture'),
        ...leftOut([...missing], 'is named by a mark but not there', 'are named by marks but not there', 'picture'),
      ],
    };
  },
};

const withoutExtension = (name: string): string => path.posix.join(path.posix.dirname(name), stem(name));

/** Number of the picture → its outlines. Marks without one say nothing. */
async function outlinesOf(folder: DataFolder, name: string): Promise<Map<string, Polygons['outlines'][number][]>> {
  const file = folder.path(name);
  const root = parseXml(file, await folder.read(name));
  const found = new Map<string, Polygons['outlines'][number][]>();
  for (const mark of root.children.filter((element) => element.name === 'mark')) {
    const [image] = textsOf(mark, 'image');
    const outlines = mark.children.filter((child) => child.name === 'svg').flatMap((svg) => regionsOf(file, svg));
    if (outlines.length === 0) continue;
    if (!/^\d+$/.test(image ?? '')) {
      throw new UserError(`${file}, line ${mark.line}: the mark does not say of which picture it is; add <image>`, {
        file,
      });
    }
    found.set(image, [...(found.get(image) ?? []), ...outlines]);
  }
  return found;
}

/** Outlines of at least three points; fewer enclose nothing. */
function regionsOf(file: string, { text, line }: XmlElement): Polygons['outlines'][number][] {
  if (text.trim() === '') return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new UserError(`${file}, line ${line}: <svg> holds no JSON; correct it`, { file, cause });
  }
  const regions = regionsSchema.safeParse(parsed);
  if (!regions.success) {
    throw new UserError(`${file}, line ${line}: <svg> is not like [{"points": [{"x": 1, "y": 2}, …]}]; correct it`, {
      file,
    });
  }
  return regions.data
    .filter(({ points }) => points.length >= 3)
    .map(({ points }) => points.map(({ x, y }) => [x, y] as const));
}
