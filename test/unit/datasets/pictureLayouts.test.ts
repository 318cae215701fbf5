import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCase, openDataset, samplesOf, type Dataset, type OpenOptions } from '../../../src/kernel/datasets';
import { UserError } from '../../../src/kernel/errors';
import { withFolder, writeLevels, writePng, writeText } from './folder';

const image = (file: string) => writePng(file, 8, 6, [1, 1, 7, 5], 90);
const mask = (file: string) => writePng(file, 8, 6, [2, 2, 5, 4]);

/** Opens a tree of the given writers: `a` stands for all the folder's paths. */
async function openTree<T>(
  write: (at: (name: string) => string) => Promise<unknown>[],
  use: (dataset: Dataset, folder: string) => Promise<T>,
  options: OpenOptions = {},
): Promise<T> {
  return withFolder(async (folder) => {
    await Promise.all(write((name) => path.join(folder, ...name.split('/'))));
    return use(await openDataset(folder, options), folder);
  });
}

async function refusal(
  write: (at: (name: string) => string) => Promise<unknown>[],
  options: OpenOptions = {},
): Promise<string> {
  return withFolder(async (folder) => {
    await Promise.all(write((name) => path.join(folder, ...name.split('/'))));
    const error: unknown = await openDataset(folder, options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    const { message } = error as UserError;
    expect(message).not.toContain('\n');
    return message.replaceAll(folder, 'DIR');
  });
}

const groups = ({ cases }: Dataset) => cases.map(({ id, group }) => [id, group]);

describe('folders', () => {
  it('pairs images and masks by name, whatever the extension and the ending', async () => {
    await openTree(
      (at) => [
        image(at('images/a.png')),
        image(at('images/b.2.png')),
        image(at('images/c.png')),
        mask(at('masks/a.png')),
        mask(at('masks/b.2_mask.png')),
      ],
      async ({ layout, classes, cases, notes }) => {
        expect(layout).toBe('folders');
        expect(classes).toEqual(['target']);
        expect(cases.map(({ id }) => id)).toEqual(['images/a.png', 'images/b.2.png']);
        expect(notes).toEqual(['1 image has no mask and is left out: images/c.png']);
        expect(await samplesOf(cases)).toHaveLength(2);
      },
    );
  });

  it('takes what follows the name for the class, of the longest name that fits', async () => {
    await openTree(
      (at) => [
        image(at('img/a.png')),
        image(at('img/a_1.png')),
        mask(at('labels/a_cup.png')),
        mask(at('labels/a_1_cup.png')),
        mask(at('labels/a_1_disc.png')),
      ],
      async ({ classes, cases }) => {
        expect(classes).toEqual(['cup', 'disc']);
        expect([...(await loadCase(cases[1])).masks.keys()]).toEqual(['cup', 'disc']);
        expect([...(await loadCase(cases[0])).masks.keys()]).toEqual(['cup']);
      },
    );
  });

  it.each([
    ['below', 'images/train', 'masks/train', 'images/val', 'masks/val'],
    ['above', 'train/images', 'train/masks', 'val/images', 'val/masks'],
    ['in the name', 'imagesTr', 'labelsTr', 'images_val', 'labels_val'],
  ])('keeps parts apart that stand %s, where one name occurs in both', async (_, ...places) => {
    await openTree(
      (at) => [
        image(at(`${places[0]}/1.png`)),
        mask(at(`${places[1]}/1.png`)),
        image(at(`${places[2]}/1.png`)),
        mask(at(`${places[3]}/1.png`)),
      ],
      async ({ cases }, folder) => {
        expect(cases.map(({ part }) => part).sort()).toEqual(['train', 'validation']);
        for (const { images, labels } of cases) {
          const [label] = labels;
          const at = places.indexOf(path.relative(folder, path.dirname(images[0])).split(path.sep).join('/'));
          const file = label.kind === 'mask' ? label.file : '';
          expect(path.relative(folder, path.dirname(file)).split(path.sep).join('/')).toBe(places[at + 1]);
        }
      },
    );
  });

  it('takes a folder below, other than a part, for the patient', async () => {
    await openTree(
      (at) => [
        ...['p1/1', 'p1/2', 'p2/1'].flatMap((name) => [
          image(at(`images/train/${name}.png`)),
          mask(at(`masks/train/${name}.png`)),
        ]),
      ],
      async (dataset) => {
        expect(groups(dataset)).toEqual([
          ['images/train/p1/1.png', 'p1'],
          ['images/train/p1/2.png', 'p1'],
          ['images/train/p2/1.png', 'p2'],
        ]);
      },
    );
  });

  it('makes classes of the values that are given, or that labels.json names', async () => {
    const write = (at: (name: string) => string) => [
      writeLevels(at('images/a.png'), [[9, 9, 9, 9]]),
      writeLevels(at('masks/a.png'), [[0, 1, 2, 4]]),
    ];
    const masksOf = async ({ cases }: Dataset) =>
      Object.fromEntries([...(await loadCase(cases[0])).masks].map(([name, voxels]) => [name, [...voxels]]));
    await openTree(write, async (dataset) => expect(await masksOf(dataset)).toEqual({ target: [0, 1, 1, 1] }));
    await openTree(
      write,
      async (dataset) => {
        expect(dataset.classes).toEqual(['whole', 'core', 'none']);
        expect(await masksOf(dataset)).toEqual({ whole: [0, 1, 1, 1], core: [0, 0, 0, 1] });
      },
      { classes: ['whole=1+2+4', 'core=4', 'none=7'] },
    );
    await openTree(
      (at) => [...write(at), writeText(at('labels.json'), '{"0": "background", "1": "one", "2": "two"}')],
      async (dataset) => expect(await masksOf(dataset)).toEqual({ two: [0, 0, 1, 0] }),
      { classes: ['two'] },
    );
  });

  it('refuses what is open', async () => {
    const both = await refusal((at) => [image(at('images/a.png')), mask(at('masks/a.png')), mask(at('labels/a.png'))]);
    expect(both).toMatch(/folders labels and masks, either of which/);
    const orphan = await refusal((at) => [image(at('images/a.png')), mask(at('masks/z.png'))]);
    expect(orphan).toMatch(/masks\/z\.png is a mask, but no image is called z/);
    const twins = await refusal((at) => [
      image(at('images/a.png')),
      image(at('images/a.tiff')),
      mask(at('masks/a.png')),
    ]);
    expect(twins).toMatch(/images\/a\.png and images\/a\.tiff have one name/);
    const twice = await refusal((at) => [
      image(at('images/a.png')),
      mask(at('masks/a.png')),
      mask(at('masks/a_mask.png')),
    ]);
    expect(twice).toMatch(/are both the mask of images\/a\.png/);
    const none = await refusal((at) => [image(at('pictures/a.png')), writeText(at('deeper/pairs.csv'), '')]);
    expect(none).toMatch(/no known layout.*did you mean that folder/);
  });
});

describe('pairs with labels', () => {
  const files = (at: (name: string) => string) => [
    image(at('a.png')),
    image(at('b.png')),
    mask(at('a-liver.png')),
    mask(at('a-tumour.png')),
    mask(at('b-liver.png')),
  ];

  it('makes one case of the rows of an image', async () => {
    const table =
      'image,mask,group,label\na.png,a-liver.png,p,liver\nb.png,b-liver.png,q,liver\na.png,a-tumour.png,p,tumour\n';
    await openTree(
      (at) => [...files(at), writeText(at('pairs.csv'), table)],
      async ({ classes, cases }) => {
        expect(classes).toEqual(['liver', 'tumour']);
        expect(cases.map(({ id, group, labels }) => [id, group, labels.length])).toEqual([
          ['a.png', 'p', 2],
          ['b.png', 'q', 1],
        ]);
        const samples = await samplesOf(cases, { classes: ['tumour'] });
        expect(samples.map(({ case: item, className, slice }) => [item.id, className, slice])).toEqual([
          ['a.png', 'tumour', 0],
        ]);
      },
    );
  });

  it('keeps rows without labels apart, as of several raters', async () => {
    const table = 'image,mask\na.png,a-liver.png\na.png,a-tumour.png\n';
    await openTree(
      (at) => [...files(at), writeText(at('pairs.csv'), table)],
      async (dataset) => {
        expect(dataset.classes).toEqual(['target']);
        expect(groups(dataset)).toEqual([
          ['a.png a-liver', 'a'],
          ['a.png a-tumour', 'a'],
        ]);
      },
    );
  });

  it.each([
    ['a.png,a-liver.png,p,liver\na.png,a-tumour.png,q,tumour\n', /line 3: a\.png belongs to the group q here but to p/],
    ['a.png,a-liver.png,p,liver\na.png,a-tumour.png,p,liver\n', /line 3: a\.png has a mask of liver on line 2/],
  ])('refuses rows that contradict each other', async (rows, message) => {
    const said = await refusal((at) => [...files(at), writeText(at('pairs.csv'), `image,mask,group,label\n${rows}`)]);
    expect(said).toMatch(message);
  });

  it.each([
    [['lung'], /has no class lung: it has liver/],
    [['liver=1'], /have names, not values/],
    [['liver', 'tumour=2'], /with values or without/],
    [['liver', 'liver'], /named twice/],
    [['liver=x'], /neither a name nor/],
  ])('refuses the classes %o', async (classes, message) => {
    const table = 'image,mask,group,label\na.png,a-liver.png,p,liver\n';
    expect(await refusal((at) => [...files(at), writeText(at('pairs.csv'), table)], { classes })).toMatch(message);
  });
});

describe('isic', () => {
  const write = (at: (name: string) => string) => [
    image(at('ISIC2018_Task1_Training_Input/ISIC_0000001.png')),
    image(at('ISIC2018_Task1_Training_Input/ISIC_0000001_superpixels.png')),
    image(at('ISIC2018_Task1_Training_Input/ISIC_0000002.png')),
    image(at('ISIC2018_Task1_Training_Input/ISIC_0000003.png')),
    mask(at('ISIC2018_Task1_Training_GroundTruth/ISIC_0000001_Segmentation.png')),
    mask(at('ISIC2018_Task1_Training_GroundTruth/ISIC_0000002_segmentation.png')),
  ];

  it('finds images and masks by their number, groups in the tables beside them', async () => {
    await openTree(
      (at) => [
        ...write(at),
        writeText(at('HAM10000_metadata.csv'), 'lesion_id,image_id,dx\nHAM_7,ISIC_0000001,nv\nHAM_7,ISIC_0000002,nv\n'),
        writeText(at('Part3_GroundTruth.csv'), 'image_id,melanoma\nISIC_0000001,0.0\n'),
      ],
      async (dataset) => {
        expect(dataset.layout).toBe('isic');
        expect(dataset.classes).toEqual(['lesion']);
        expect(groups(dataset)).toEqual([
          ['ISIC_0000001', 'HAM_7'],
          ['ISIC_0000002', 'HAM_7'],
        ]);
        expect(dataset.cases[0].part).toBe('train');
        expect(dataset.notes[0]).toMatch(/1 image has no mask.*ISIC_0000003/);
      },
    );
  });

  it('refuses a lesion of two patients, and one number twice', async () => {
    const table = 'image_name,patient_id\nISIC_0000001,p\nISIC_0000001,q\n';
    expect(await refusal((at) => [...write(at), writeText(at('a.csv'), table)])).toMatch(
      /a\.csv, line 3: ISIC_0000001 belongs to q here, but to p/,
    );
    expect(await refusal((at) => [...write(at), image(at('copy/ISIC_0000002.png'))])).toMatch(/ISIC_0000002 twice/);
  });
});

describe('refuge', () => {
  /** A row of the challenge's coding: background 255, rim 128, cup 0. */
  const graded = (...row: number[]) => [[255, ...row, 255], [255, 255, 255, 255, 255].slice(0, row.length + 2)];
  const fundus = (at: string) =>
    writeLevels(at, [
      [50, 60, 70, 80, 90],
      [50, 60, 70, 80, 90],
    ]);
  const voxels = async ({ cases }: Dataset, index = 0) =>
    Object.fromEntries([...(await loadCase(cases[index])).masks].map(([name, all]) => [name, [...all].slice(0, 5)]));

  it('reads the disc with its cup, both ways of coding', async () => {
    await openTree(
      (at) => [
        fundus(at('Training400/Glaucoma/g0001.png')),
        fundus(at('Training400/Non-Glaucoma/n0001.png')),
        fundus(at('Annotation-Training400/Fovea/g0001.png')),
        fundus(at('REFUGE-Validation400-GT/overlays/g0001.png')),
        writeLevels(at('Annotation-Training400/Disc_Cup_Masks/Glaucoma/g0001.png'), graded(128, 0, 128)),
        writeLevels(
          at('Annotation-Training400/Disc_Cup_Masks/Non-Glaucoma/n0001.png'),
          graded(128, 0, 128).map((row) => row.map((level) => (level === 128 ? 128 : 255 - level))),
        ),
      ],
      async (dataset) => {
        expect([dataset.layout, dataset.classes]).toEqual(['refuge', ['disc', 'cup']]);
        for (const index of [0, 1]) {
          expect(await voxels(dataset, index)).toEqual({ disc: [0, 1, 1, 1, 0], cup: [0, 0, 1, 0, 0] });
        }
        expect(dataset.cases.map(({ part }) => part)).toEqual(['train', 'train']);
        expect((await samplesOf(dataset.cases)).map(({ className }) => className)).toEqual([
          'disc',
          'cup',
          'disc',
          'cup',
        ]);
      },
    );
  });

  it('is told from plain folders by the grey levels of its masks', async () => {
    await openTree(
      (at) => [fundus(at('train/Images/1.png')), writeLevels(at('train/Masks/1.png'), graded(128, 0, 128))],
      async ({ layout }) => expect(layout).toBe('refuge'),
    );
    await openTree(
      (at) => [fundus(at('train/Images/1.png')), writeLevels(at('train/Masks/1.png'), graded(0, 0, 0))],
      async ({ layout }) => expect(layout).toBe('folders'),
    );
  });

  it('decides by more than half of the raters', async () => {
    await openTree(
      (at) => [
        fundus(at('images/1.png')),
        writeLevels(at('Disc_Cup_Masks/rater1/1.png'), graded(128, 0, 0)),
        writeLevels(at('Disc_Cup_Masks/rater2/1.png'), graded(255, 0, 128)),
        writeLevels(at('Disc_Cup_Masks/1_3.png'), graded(128, 128, 255)),
      ],
      async (dataset) => {
        expect(dataset.cases).toHaveLength(1);
        expect(await voxels(dataset)).toEqual({ disc: [0, 1, 1, 1, 0], cup: [0, 0, 1, 0, 0] });
      },
    );
  });

  it('names a mask of other levels', async () => {
    await openTree(
      (at) => [fundus(at('images/1.png')), writeLevels(at('Disc_Cup_Masks/1.png'), graded(128, 60, 128))],
      async ({ cases }) => {
        await expect(loadCase(cases[0])).rejects.toThrow(/1\.png holds the grey level 60/);
      },
    );
  });
});

describe('tnscui', () => {
  const write = (at: (name: string) => string) => [
    ...['2', '3', '4'].flatMap((name) => [image(at(`image/${name}.PNG`)), mask(at(`mask/${name}.PNG`))]),
  ];

  it('takes the pictures of its table', async () => {
    await openTree(
      (at) => [...write(at), writeText(at('train.csv'), 'ID,CATE\n2.PNG,1\n3,0\n')],
      async (dataset) => {
        expect([dataset.layout, dataset.classes]).toEqual(['tnscui', ['nodule']]);
        expect(groups(dataset)).toEqual([
          ['image/2.PNG', 'image/2.PNG'],
          ['image/3.PNG', 'image/3.PNG'],
        ]);
        expect(await samplesOf(dataset.cases)).toHaveLength(2);
      },
    );
  });

  it.each([
    ['ID,CATE\n2.PNG,1\n9.PNG,0\n', /train\.csv, line 3: there is no file image\/9\.PNG/],
    ['ID,CATE\n../2.PNG,1\n', /train\.csv, line 2: there is no file image\/\.\.\/2\.PNG/],
    ['ID,CATE\n2.PNG,1\n2,1\n', /train\.csv, line 3: image\/2\.PNG is listed before/],
  ])('refuses a table that is wrong', async (table, message) => {
    expect(await refusal((at) => [...write(at), writeText(at('train.csv'), table)])).toMatch(message);
  });
});

describe('ddti', () => {
  const mark = (picture: string, regions: unknown) =>
    `<mark><image>${picture}</image><svg>${regions === null ? '' : JSON.stringify(regions)}</svg></mark>`;
  const box = (x0: number, y0: number, x1: number, y1: number) => ({
    points: [
      { x: x0, y: y0 },
      { x: x1, y: y0 },
      { x: x1, y: y1 },
      { x: x0, y: y1 },
    ],
    annotation: '[object Object]',
    regionType: 'freehand',
  });
  const xml = (...marks: string[]) =>
    `<?xml version="1.0" encoding="utf-8"?>\n<case><number>1</number><age>59</age>\n${marks.join('\n')}</case>\n`;

  it('fills the outlines of all marks of a picture; a patient is a group', async () => {
    await openTree(
      (at) => [
        image(at('1_1.png')),
        image(at('1_2.png')),
        image(at('2_1.png')),
        writeText(
          at('1.xml'),
          xml(
            mark('1', [box(1, 1, 2, 2), box(5, 0, 5.5, 9)]),
            mark('1', [box(4, 4, 4, 4)]),
            mark('2', [box(0, 0, 1, 0.5)]),
            mark('3', [box(0, 0, 2, 2)]),
            mark('1', null),
          ),
        ),
        writeText(at('2.xml'), xml(mark('1', [{ points: [{ x: 1, y: 1 }] }]))),
      ],
      async (dataset) => {
        expect(dataset.layout).toBe('ddti');
        expect(groups(dataset)).toEqual([
          ['1_1.png', '1'],
          ['1_2.png', '1'],
        ]);
        expect(dataset.notes).toEqual([
          '1 picture has no outline and is left out: 2_1.png',
          '1 picture is named by a mark but not there and is left out: 1_3',
        ]);
        const nodule = (await loadCase(dataset.cases[0])).masks.get('nodule')!;
        const rows = Array.from({ length: 6 }, (_, y) => [...nodule.subarray(y * 8, y * 8 + 8)].join(''));
        expect(rows.map((row) => row.slice(5, 6))).toEqual(['1', '1', '1', '1', '1', '1']);
        expect(rows[1].slice(1, 3)).toBe('11');
        expect(rows[3].slice(0, 5)).toBe('00000');
      },
    );
  });

  it.each([
    ['<!DOCTYPE case [<!ENTITY x SYSTEM "file:///etc/hostname">]><case/>', /1\.xml, line 1: document types/],
    [xml('<mark><image>1</image><svg>[{]</svg></mark>'), /1\.xml, line 3: <svg> holds no JSON/],
    [xml('<mark><image>1</image><svg>[1]</svg></mark>'), /1\.xml, line 3: <svg> is not like/],
    [xml(mark('', [box(0, 0, 2, 2)])), /1\.xml, line 3: the mark does not say/],
    ['<case><mark></case>', /1\.xml, line 1: <\/case> closes nothing/],
  ])('names file and line of what is wrong', async (text, message) => {
    expect(await refusal((at) => [image(at('1_1.png')), writeText(at('1.xml'), text)])).toMatch(message);
  });
});

describe('several layouts at once', () => {
  const write = (at: (name: string) => string) => [
    image(at('ISIC_0000001.png')),
    mask(at('ISIC_0000001_segmentation.png')),
    image(at('1_1.png')),
    writeText(
      at('1.xml'),
      '<case><mark><image>1</image><svg>[{"points":[{"x":1,"y":1},{"x":4,"y":1},{"x":1,"y":4}]}]</svg></mark></case>',
    ),
  ];

  it('are refused by name, and chosen by it', async () => {
    expect(await refusal(write)).toMatch(/several layouts, isic \(.*\) and ddti \(.*\): say which with --layout NAME/);
    await openTree(write, async ({ cases }) => expect(cases[0].id).toBe('ISIC_0000001'), { layout: 'isic' });
    await openTree(write, async ({ cases }) => expect(cases[0].id).toBe('1_1.png'), { layout: 'ddti' });
  });

  it('do not matter where a table lists the pairs', async () => {
    await openTree(
      (at) => [...write(at), writeText(at('pairs.csv'), 'image,mask\n1_1.png,ISIC_0000001_segmentation.png\n')],
      async ({ layout }) => expect(layout).toBe('pairs'),
    );
  });
});

describe('links', () => {
  it('are followed inside of the folder and refused out of it', async () => {
    await withFolder(async (folder) => {
      const outside = path.join(folder, 'outside');
      const data = path.join(folder, 'data');
      await image(path.join(outside, 'a.png'));
      await image(path.join(data, 'store', 'a.png'));
      await mask(path.join(data, 'masks', 'a.png'));
      await fs.mkdir(path.join(data, 'images'));
      await fs.symlink(path.join(data, 'store', 'a.png'), path.join(data, 'images', 'a.png'));
      await fs.symlink('..', path.join(data, 'images', 'loop'));
      expect((await openDataset(data)).cases.map(({ id }) => id)).toEqual(['images/a.png']);
      await fs.rm(path.join(data, 'images', 'a.png'));
      await fs.symlink(path.join(outside, 'a.png'), path.join(data, 'images', 'a.png'));
      await expect(openDataset(data)).rejects.toThrow(/images\/a\.png in .* is a link to .*outside\/a\.png, outside/);
      await writeText(path.join(data, 'pairs.csv'), 'image,mask\nimages/a.png,masks/a.png\n');
      await expect(openDataset(data)).rejects.toThrow(/line 2: images\/a\.png .* is a link to/);
    });
  });
});
