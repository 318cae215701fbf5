import type { Mask } from './types';

/**
 * Run lengths of a mask in COCO's order: column by column, beginning with zeros (a first run of 0 where the first pixel
 * is set).
 */
export function cocoRuns({ width, height, data }: Mask): number[] {
  const runs: number[] = [];
  let value = 0;
  let run = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      const pixel = data[y * width + x];
      if (pixel !== value) {
        runs.push(run);
        run = 0;
        value = pixel;
      }
      run++;
    }
  }
  runs.push(run);
  return runs;
}

/**
 * COCO's compressed form of run lengths: from the third on, each as the difference to the one two before; five bits a
 * character from 48 on, least significant first, the sixth bit says that more follow (maskApi.c of pycocotools).
 */
export function encodeCocoRuns(runs: readonly number[]): string {
  let text = '';
  runs.forEach((run, index) => {
    let rest = index > 2 ? run - runs[index - 2] : run;
    for (let more = true; more;) {
      const bits = rest & 0x1f;
      rest >>= 5;
      more = (bits & 0x10) !== 0 ? rest !== -1 : rest !== 0;
      text += String.fromCharCode((more ? bits | 0x20 : bits) + 48);
    }
  });
  return text;
}
