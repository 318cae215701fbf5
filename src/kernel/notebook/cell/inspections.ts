import type { OutputItem } from '../../../protocol';
import { inspectorMime, type InspectorOutput } from '../../../protocol/inspector';
import type { InspectedBlock, NotebookInspection, NotebookTensor } from '../api';
import type { InspectionReport } from '../calls';
import type { KernelCalls } from './kernelCalls';
import { displayed, jsonItem, pngItem, textItem } from './outputs';

/** An inspection as cells hold it; as a cell's value, the inspector's page. */
export class OpenInspection implements NotebookInspection {
  readonly model: string;
  readonly adapters: string;
  readonly slices: readonly number[];
  readonly blocks: readonly InspectedBlock[];
  readonly #kernel: KernelCalls;
  readonly #output: InspectorOutput;
  readonly #report: InspectionReport;

  constructor(kernel: KernelCalls, report: InspectionReport) {
    const { summary, begin } = report.output;
    this.model = summary.model;
    this.adapters = summary.adapters;
    this.slices = Array.from({ length: summary.slices }, (_, at) => summary.firstSlice + at);
    this.blocks = summary.blocks.map(({ name, change, attachments }) => ({
      name,
      change: change[begin.slice],
      adapters: attachments.map(({ name: adapter, share, activity }) => ({
        name: adapter,
        share: share[begin.slice],
        units: activity?.units ?? null,
        dead: activity?.dead ?? null,
      })),
    }));
    this.#kernel = kernel;
    this.#output = report.output;
    this.#report = report;
  }

  tensor(name: string): Promise<NotebookTensor> {
    return this.#kernel.call('inspect/tensor', { output: this.#output, name });
  }

  save(file: string): Promise<string> {
    return this.#kernel.call('inspect/save', { output: this.#output, file });
  }

  [displayed](): OutputItem[] {
    const { width, height } = this.#output.summary;
    const lines = this.blocks.map(({ change, adapters }, index) => {
      const shares = adapters.map(({ name, share }) => `${shortName(name)} ${percent(share)}`);
      return `block ${index}: output changed by ${percent(change)}; shares: ${shares.join(', ')}`;
    });
    const head = `${this.adapters} on ${this.model}, ${width} × ${height} pixels; the picture: change of block ${this.#report.block}`;
    return [jsonItem(inspectorMime, this.#output), pngItem(this.#report.png), textItem([head, ...lines].join('\n'))];
  }
}

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;

/** Within its block: `image_encoder.blocks.0.space_adapter` → `space_adapter`. */
const shortName = (name: string): string => name.replace(/^image_encoder\.blocks\.\d+\./, '');
