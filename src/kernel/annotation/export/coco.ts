import type { ImageInfo } from '../../../protocol';
import { boundingBox, type Mask } from '../../imaging';
import { type ExportedObject, slicesOf } from './masks';

/** COCO's object detection format with run lengths: an entry of `images` per slice, an annotation per object on it. */
export function cocoOf(objects: readonly ExportedObject[], image: ImageInfo): unknown {
  const [width, height, slices] = image.size;
  const annotated = slicesOf(objects);
  const annotations = objects.flatMap(({ object, masks }) =>
    [...masks].map(([slice, mask]) => ({
      image_id: annotated.indexOf(slice) + 1,
      category_id: object.value,
      segmentation: { size: [height, width], counts: runLengths(mask) },
      area: mask.data.reduce((sum, value) => sum + value, 0),
      bbox: boxOf(mask),
      iscrowd: 1,
    })),
  );
  return {
    info: { description: `Annotations of ${image.name}` },
    images: annotated.map((slice, index) => ({
      id: index + 1,
      file_name: image.path,
      width,
      height,
      ...(slices > 1 ? { slice } : {}),
    })),
    categories: objects.map(({ object }) => ({ id: object.value, name: object.label, color: object.colour })),
    annotations: annotations.map((annotation, index) => ({ id: index + 1, ...annotation })),
  };
}

/** Column by column, beginning with zeros: COCO's uncompressed run lengths. */
function runLengths({ width, height, data }: Mask): number[] {
  const counts: number[] = [];
  let value = 0;
  let run = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if (data[y * width + x] !== value) {
        counts.push(run);
        value = 1 - value;
        run = 0;
      }
      run++;
    }
  }
  counts.push(run);
  return counts;
}

function boxOf(mask: Mask): [number, number, number, number] {
  const [x0, y0, x1, y1] = boundingBox(mask) ?? [0, 0, 0, 0];
  return [x0, y0, x1 - x0, y1 - y0];
}
