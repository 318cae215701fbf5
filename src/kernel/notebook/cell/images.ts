import { imageMime, type ImageOutput, type MaskPatch, type OutputItem, type Prompt } from '../../../protocol';
import { UserError } from '../../errors';
import { decodeMaskPatch } from '../../imaging/maskPatch';
import type {
  InspectedPrompt,
  InspectOptions,
  LabelOptions,
  NotebookImage,
  NotebookInspection,
  NotebookMask,
  NotebookObject,
  OpenImageOptions,
  PropagateOptions,
  SaveOptions,
  Segmentation,
  SegmentOptions,
} from '../api';
import type { OpenedImage, SegmentReport } from '../calls';
import { adaptersFile } from './adaptersFile';
import { OpenInspection } from './inspections';
import type { KernelCalls } from './kernelCalls';
import { displayed, jsonItem, pngItem, textItem } from './outputs';

/** @throws as the kernel says: the file is missing or is no image, or there is no such slice. */
export async function openImage(kernel: KernelCalls, path: string, options: OpenImageOptions): Promise<NotebookImage> {
  if (typeof path !== 'string') throw new UserError('open needs the path of an image, e.g. await open("scan.png")');
  return new OpenImage(kernel, await kernel.call('image/open', { ...options, path }));
}

class OpenImage implements NotebookImage {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly slices: number;
  readonly spacing: readonly [number, number, number] | null;
  readonly slice: number;
  readonly #kernel: KernelCalls;
  readonly #output: ImageOutput;
  readonly #png: string;
  readonly #notes: readonly string[];

  constructor(kernel: KernelCalls, { output, size, spacing, notes, png }: OpenedImage) {
    this.path = output.image.path;
    [this.width, this.height, this.slices] = size;
    this.spacing = spacing;
    this.slice = output.slice;
    this.#kernel = kernel;
    this.#output = output;
    this.#png = png;
    this.#notes = notes;
  }

  get objects(): Promise<NotebookObject[]> {
    return this.#kernel.call('image/objects', { output: this.#output });
  }

  get prompts(): Promise<Prompt[]> {
    return this.#kernel.call('image/prompts', { output: this.#output, slice: this.slice });
  }

  get mask(): Promise<NotebookMask | null> {
    return this.#readMask(null, this.slice);
  }

  maskOf(label: string, slice: number = this.slice): Promise<NotebookMask | null> {
    return this.#readMask(label, slice);
  }

  async segment(options: SegmentOptions): Promise<Segmentation> {
    const { slice = this.slice } = options;
    const report = await this.#kernel.call('image/segment', {
      output: this.#output,
      slice,
      prompts: promptsOf(options),
    });
    return new ModelAnswer(this.#kernel, this.width, this.height, report);
  }

  async label(label: string, options: LabelOptions): Promise<Segmentation> {
    const { slice = this.slice, colour } = options;
    const prompts = promptsOf(options);
    const report = await this.#kernel.call('image/label', { output: this.#output, slice, label, colour, prompts });
    return new ModelAnswer(this.#kernel, this.width, this.height, report);
  }

  propagate(label: string, { from = this.slice, direction, to }: PropagateOptions = {}): Promise<number> {
    return this.#kernel.call('image/propagate', { output: this.#output, label, from, direction, to });
  }

  async inspect(options: InspectOptions = {}): Promise<NotebookInspection> {
    const { slice = this.slice, slices, adapters = null, compare = {} } = options;
    const report = await this.#kernel.call('inspect/open', {
      output: this.#output,
      slice,
      slices,
      adapters: adaptersFile(adapters),
      prompts: [inspectedPrompts(options), inspectedPrompts(compare)],
    });
    return new OpenInspection(this.#kernel, report);
  }

  save(file: string, { format }: SaveOptions = {}): Promise<string[]> {
    return this.#kernel.call('image/save', { output: this.#output, file, format });
  }

  [displayed](): OutputItem[] {
    const { width, height, slices } = this;
    const where = slices > 1 ? `, slice ${this.slice} of 0 to ${slices - 1}` : '';
    const text = `${this.#output.image.name ?? this.path}: ${width} × ${height} pixels${where}`;
    const lines = [text, ...this.#notes.map((note) => `note: ${note}`)];
    return [jsonItem(imageMime, this.#output), pngItem(this.#png), textItem(lines.join('\n'))];
  }

  async #readMask(label: string | null, slice: number): Promise<NotebookMask | null> {
    const patch = await this.#kernel.call('image/mask', { output: this.#output, label, slice });
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

/** None where there is neither a point nor a box: an image can be looked into without. */
const inspectedPrompts = ({ points = [], box }: InspectedPrompt): Prompt[] =>
  points.length === 0 && box === undefined ? [] : promptsOf({ points, box });

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
