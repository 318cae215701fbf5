import path from 'node:path';
import { writeFileAtomically } from '../files';
import { cocoRuns, encodeCocoRuns } from './cocoRle';
import { annotatedSlices, type LabelledObject } from './labels';
import { boundingBox } from './mask';
import type { MedicalImage } from './types';

/**
 * Writes objects as COCO JSON with compressed run lengths: an image for each annotated slice (of a volume, with its
 * number as `slice`), an annotation for each object on it; the category of a label is the value of its first object.
 */
export async function writeCoco(file: string, image: MedicalImage, objects: readonly LabelledObject[]): Promise<void> {
  const [width, height, slices] = image.size;
  const categories = new Map<string, number>();
  for (const { label, value } of objects) if (!categories.has(label)) categories.set(label, value);
  const annotated = annotatedSlices(objects);
  const annotations: object[] = [];
  for (const slice of annotated) {
    for (const { label, masks } of objects) {
      const mask = masks.get(slice);
      const box = mask && boundingBox(mask);
      if (!mask || !box) continue;
      annotations.push({
        id: annotations.length + 1,
        image_id: slice + 1,
        category_id: categories.get(label),
        segmentation: { size: [height, width], counts: encodeCocoRuns(cocoRuns(mask)) },
        area: mask.data.reduce((sum, pixel) => sum + pixel, 0),
        bbox: [box[0], box[1], box[2] - box[0], box[3] - box[1]],
        iscrowd: 0,
      });
    }
  }
  const name = path.basename(image.path);
  const coco = {
    images: annotated.map((slice) => ({
      id: slice + 1,
      file_name: name,
      width,
      height,
      ...(slices > 1 && { slice }),
    })),
    annotations,
    categories: [...categories].map(([label, id]) => ({ id, name: label })),
  };
  await writeFileAtomically(file, [Buffer.from(JSON.stringify(coco))]);
}
