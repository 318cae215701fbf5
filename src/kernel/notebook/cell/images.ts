import {
  imageMime,
  type ImageOutputV1 as ImageOutput,
  type MaskPatch,
  type OutputItem,
  type PromptV1 as Prompt,
} from '../../../protocol';
import { UserError } from '../../errors';
import { decodeMaskPatch } from '../../imaging/maskPatch';
import type { NotebookImage, NotebookMask, OpenImageOptions, Segmentation, SegmentOptions } from '../api';
import type { SegmentReport } from '../calls';
import type { KernelCalls } from './kernelCalls';
import { displayed, jsonItem, pngItem, textItem } from './outputs';

/** @throws as the kernel says: the file is missing or is no image, or there is no such slice. */
export async function openImage(kernel: KernelCalls, path: string, options: OpenImageOptions): Promise<NotebookImage> {
  if (typeof path !== 'string') throw new UserError('open needs the path of an image, e.g. await open("scan.png")');
  const { output, png } = await kernel.call('image/open', { ...options, path });
  return new OpenImage(kernel, output, png);
}

class OpenImage implements NotebookImage {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly slices: number;
  readonly spacing: readonly [number, number] | null;
  readonly slice: number;
  readonly #kernel: KernelCalls;
  readonly #output: ImageOutput;
  readonly #png: string;

  constructor(kernel: KernelCalls, output: ImageOutput, png: string) {
    ({ path: this.path, width: this.width, height: this.height } = output.image);
    ({ slices: this.slices, spacing: this.spacing } = output.image);
    this.slice = output.slice;
    this.#kernel = kernel;
    this.#output = output;
    this.#png = png;
  }

  get prompts(): Promise<Prompt[]> {
    return this.#kernel.call('image/prompts', { output: this.#output });
  }

  get mask(): Promise<NotebookMask | null> {
    return this.#readMask();
  }

  async segment(options: SegmentOptions): Promise<Segmentation> {
    const slice = options.slice ?? this.slice;
    const report = await this.#kernel.call('image/segment', {
      output: this.#output,
      slice,
      prompts: promptsOf(options),
    });
    return new ModelAnswer(this.#kernel, this.width, this.height, report);
  }

  [displayed](): OutputItem[] {
    const { name, width, height, slices } = this.#output.image;
    const where = slices > 1 ? `, slice ${this.slice} of 0 to ${slices - 1}` : '';
    const text = `${name}: ${width} × ${height} pixels${where}`;
    return [jsonItem(imageMime, this.#output), pngItem(this.#png), textItem(text)];
  }

  async #readMask(): Promise<NotebookMask | null> {
    const patch = await this.#kernel.call('image/mask', { output: this.#output });
    return patch === null ? null : new Mask(this.#kernel, this.width, this.height, patch);
  }
}

class Mask implements NotebookMask {
  readonly data: Uint8Array;
  readonly area: number;
  readonly #kernel: KernelCalls;

  constructor(
    kernel: KernelCalls,
    readonly width: number,
    readonly height: number,
    patch: MaskPatch | null,
  ) {
    this.#kernel = kernel;
    this.data = patch === null ? new Uint8Array(width * height) : decodeMaskPatch(patch, width, height).data;
    this.area = this.data.reduce((sum, value) => sum + value, 0);
  }

  save(file: string): Promise<string> {
    const { width, height, data } = this;
    return this.#kernel.call('mask/save', { file, width, height, data });
  }

  async [displayed](): Promise<OutputItem[]> {
    const { width, height, data } = this;
    const png = await this.#kernel.call('mask/picture', { width, height, data });
    return [pngItem(png), textItem(`mask of ${this.area} of ${width} × ${height} pixels`)];
  }
}

class ModelAnswer implements Segmentation {
  readonly mask: NotebookMask;
  readonly iou: number;
  readonly model: string;
  readonly #png: string;

  constructor(kernel: KernelCalls, width: number, height: number, report: SegmentReport) {
    this.mask = new Mask(kernel, width, height, report.mask);
    this.iou = report.iou;
    this.model = report.model;
    this.#png = report.png;
  }

  save(file: string): Promise<string> {
    return this.mask.save(file);
  }

  [displayed](): OutputItem[] {
    const { area, width, height } = this.mask;
    const share = ((100 * area) / (width * height)).toFixed(1);
    const text = `mask of ${area} pixels (${share} %), estimated IoU ${this.iou.toFixed(2)}, by ${this.model}`;
    return [pngItem(this.#png), textItem(text)];
  }
}

/** Pixel indices → positions at the pixels' centres. */
function promptsOf({ points = [], box }: SegmentOptions): Prompt[] {
  if (points.length === 0 && box === undefined) {
    throw new UserError('segment needs a prompt: { points: [[x, y]] } or { box: [x0, y0, x1, y1] }');
  }
  const clicks = points.map(([x, y, label = 1]): Prompt => ({ kind: 'point', x: centre(x), y: centre(y), label }));
  if (box === undefined) return clicks;
  const [x0, y0, x1, y1] = box;
  return [{ kind: 'box', x0, y0, x1, y1 }, ...clicks];
}

const centre = (index: number): number => (Number.isInteger(index) ? index + 0.5 : index);
