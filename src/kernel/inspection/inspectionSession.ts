import path from 'node:path';
import type { InspectorEvent, InspectorRequest, InspectorSummary, PromptSlot } from '../../protocol/inspector';
import { UserError } from '../errors';
import { writeFileAtomically } from '../files';
import { encodePng, resizeRgb, type RgbImage } from '../imaging';
import { answerChanges, answerFrozen, answerMap, answerPrompt } from './answers';
import { shownSize } from './coveredMap';
import { exportTensors } from './exportTensors';
import type { ImageInspection } from './imageInspection';
import { mapPicture } from './mapPicture';
import { readings } from './names';
import type { PromptInspection } from './promptInspection';
import { summarise } from './summary';

type Answer = InspectorEvent extends infer E ? (E extends unknown ? Omit<E, 'viewId' | 'requestId'> : never) : never;

/** One inspected image as pages know it: answers their requests, and holds the prompts that they compare. */
export class InspectionSession {
  private readonly asked = new Map<PromptSlot, PromptInspection>();

  /**
   * @param id how pages name it
   * @param pictures what was inspected, slice by slice
   * @param exportFolder where exported files go; it exists
   */
  constructor(
    readonly id: string,
    private readonly inspection: ImageInspection,
    private readonly pictures: readonly RgbImage[],
    private readonly exportFolder: string,
  ) {}

  /** What a notebook's output holds. */
  summary(): InspectorSummary {
    return summarise(this.inspection, this.id);
  }

  /** Never rejects for what a user can do wrong: that becomes an `inspector/error`. */
  async answer(request: InspectorRequest, signal?: AbortSignal): Promise<InspectorEvent> {
    const { viewId, requestId } = request;
    try {
      return { viewId, requestId, ...(await this.work(request, signal)) };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { viewId, requestId, type: 'inspector/error', message: error.message };
    }
  }

  async dispose(): Promise<void> {
    await this.inspection.free();
  }

  private async work(request: InspectorRequest, signal?: AbortSignal): Promise<Answer> {
    const { inspection } = this;
    switch (request.type) {
      case 'inspector/attach':
        return { type: 'inspector/summary', summary: this.summary() };
      case 'inspector/picture':
        return { type: 'inspector/picture', slice: request.slice, png: await this.picture(request.slice) };
      case 'inspector/maps': {
        const maps = [];
        for (const query of request.maps) maps.push(await answerMap(inspection, request.slice, query, signal));
        return { type: 'inspector/maps', maps };
      }
      case 'inspector/sliceAttention':
        return { type: 'inspector/sliceAttention', ...this.sliceAttention(request.attachment) };
      case 'inspector/prompt': {
        const asked = await inspection.ask(request.prompts, request.slice, signal);
        this.asked.set(request.slot, asked);
        const [first, second] = [this.asked.get(0), this.asked.get(1)];
        const changes = first !== undefined && second !== undefined ? answerChanges(first, second) : [];
        return { type: 'inspector/prompt', answer: answerPrompt(inspection, request.slot, asked), changes };
      }
      case 'inspector/frozen': {
        const asked = this.asked.get(request.slot);
        if (asked === undefined) throw new UserError('there is no prompt to compare: give a point or a box first');
        const frozen = await inspection.compareFrozen(asked, signal);
        return { type: 'inspector/frozen', answer: answerFrozen(inspection, request.slot, asked, frozen) };
      }
      case 'inspector/exportTensors': {
        const file = this.fileFor('tensors', 'safetensors');
        await exportTensors(file, inspection, [...this.asked.values()], signal);
        return { type: 'inspector/exported', file };
      }
      case 'inspector/exportMap': {
        const { map, slice } = request;
        const png = await mapPicture(await answerMap(inspection, slice, map, signal));
        const file = this.fileFor(`${Object.values(map).join('-')}-slice-${slice}`, 'png');
        await writeFileAtomically(file, [png]);
        return { type: 'inspector/exported', file };
      }
    }
  }

  private async picture(slice: number): Promise<string> {
    const picture = this.pictures[slice];
    if (picture === undefined)
      throw new UserError(`slices 0 to ${this.pictures.length - 1} are inspected, not ${slice}`);
    const { width, height } = shownSize(picture);
    return (await encodePng(resizeRgb(picture, width, height))).toString('base64');
  }

  private sliceAttention(attachment: string) {
    const { shape, data } = this.inspection.reading(readings.sliceAttention(attachment));
    return { attachment, heads: shape[0], slices: shape[1], weights: [...data] };
  }

  private fileFor(what: string, extension: string): string {
    const safe = `${this.id}-${what}`.replace(/[^\w.-]+/g, '_');
    return path.join(this.exportFolder, `${safe}.${extension}`);
  }
}
