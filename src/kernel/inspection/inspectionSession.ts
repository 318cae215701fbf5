import fs from 'node:fs/promises';
import path from 'node:path';
import { maskColours } from '../../protocol/colourMaps';
import type { InspectorEvent, InspectorRequest, InspectorSummary, PictureQuery } from '../../protocol/inspector';
import { UserError } from '../errors';
import { writeFileAtomically } from '../files';
import { encodePng, overlaysPng, resizeRgb, type Mask, type RgbImage } from '../imaging';
import { answerMap } from './answerMap';
import { answerChanges, answerFrozen, answerPrompt } from './answers';
import { AskedPrompts } from './askedPrompts';
import { shownSize } from './coveredMap';
import { exportTensors } from './exportTensors';
import type { ImageInspection } from './imageInspection';
import { mapPicture } from './mapPicture';
import { summarise } from './summary';

type Answer = InspectorEvent extends infer E ? (E extends unknown ? Omit<E, 'viewId' | 'requestId'> : never) : never;

/** Views whose prompts are kept; the one that asked longest ago is forgotten. */
const viewLimit = 8;

export interface SessionOptions {
  /** How pages name it. */
  readonly id: string;
  readonly inspection: ImageInspection;
  /** What was inspected, slice by slice. */
  readonly pictures: readonly RgbImage[];
  /** Where exported files go; made when there is one. */
  readonly exportFolder: string;
  /** What the volume calls the first slice; 0 by default. */
  readonly firstSlice?: number;
}

/** One inspected image as pages know it: answers their requests, and holds the prompts that each of them compares. */
export class InspectionSession {
  /** Least recently used first. */
  private readonly views = new Map<string, AskedPrompts>();

  constructor(private readonly options: SessionOptions) {}

  get inspection(): ImageInspection {
    return this.options.inspection;
  }

  summary(): InspectorSummary {
    const { inspection, id, firstSlice } = this.options;
    return summarise(inspection, id, firstSlice);
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

  /** For viewers that know no inspector: where the block that changes its output most does so. */
  async preview(slice: number): Promise<{ readonly block: number; readonly png: Buffer }> {
    const changes = this.summary().blocks.map(({ change }) => change[slice]);
    const block = changes.indexOf(Math.max(...changes));
    const query = { of: 'difference', block: this.inspection.blocks[block] } as const;
    return { block, png: await mapPicture(await answerMap(this.inspection, new AskedPrompts(), slice, query)) };
  }

  async dispose(): Promise<void> {
    await this.inspection.free();
  }

  private async work(request: InspectorRequest, signal?: AbortSignal): Promise<Answer> {
    const { inspection } = this;
    const asked = this.askedBy(request.viewId);
    switch (request.type) {
      case 'inspector/attach':
        return { type: 'inspector/summary', summary: this.summary() };
      case 'inspector/picture':
        return { type: 'inspector/picture', slice: request.slice, png: await this.picture(request.slice) };
      case 'inspector/maps': {
        const maps = [];
        for (const query of request.maps) maps.push(await answerMap(inspection, asked, request.slice, query, signal));
        return { type: 'inspector/maps', maps };
      }
      case 'inspector/prompt': {
        const prompt = await inspection.ask(request.prompts, request.slice, signal);
        asked.keep(request.slot, prompt);
        const changes = asked.pair === null ? [] : answerChanges(...asked.pair);
        return { type: 'inspector/prompt', answer: answerPrompt(inspection, request.slot, prompt), changes };
      }
      case 'inspector/frozen': {
        const prompt = asked.prompt(request.slot);
        const frozen = await inspection.compareFrozen(prompt, signal);
        asked.keepFrozen(request.slot, prompt, frozen);
        return { type: 'inspector/frozen', answer: answerFrozen(inspection, request.slot, prompt, frozen) };
      }
      case 'inspector/exportTensors': {
        const file = await this.fileFor('tensors', 'safetensors');
        await exportTensors(file, inspection, asked.all, signal);
        return { type: 'inspector/exported', file };
      }
      case 'inspector/exportMap': {
        const { map, slice } = request;
        const png = await this.exported(map, slice, asked, signal);
        const { firstSlice = 0 } = this.options;
        const what = Object.values(map).filter((part) => part !== null);
        const file = await this.fileFor(`${what.join('-')}-slice-${firstSlice + slice}`, 'png');
        await writeFileAtomically(file, [png]);
        return { type: 'inspector/exported', file };
      }
    }
  }

  private askedBy(viewId: string): AskedPrompts {
    const asked = this.views.get(viewId) ?? new AskedPrompts();
    this.views.delete(viewId);
    this.views.set(viewId, asked);
    const [oldest] = this.views.keys();
    if (this.views.size > viewLimit) this.views.delete(oldest);
    return asked;
  }

  private async exported(map: PictureQuery, slice: number, asked: AskedPrompts, signal?: AbortSignal): Promise<Buffer> {
    if (map.of !== 'masks') return mapPicture(await answerMap(this.inspection, asked, slice, map, signal));
    const prompt = asked.prompt(map.slot);
    return masksPicture(this.pictureOf(prompt.slice), prompt.mask, asked.frozen(map.slot).mask);
  }

  private pictureOf(slice: number): RgbImage {
    this.inspection.checkSlice(slice);
    return this.options.pictures[slice];
  }

  private async picture(slice: number): Promise<string> {
    const picture = this.pictureOf(slice);
    const { width, height } = shownSize(picture);
    return (await encodePng(resizeRgb(picture, width, height))).toString('base64');
  }

  private async fileFor(what: string, extension: string): Promise<string> {
    const { id, exportFolder } = this.options;
    const safe = `${id}-${what}`.replace(/[^\w.-]+/g, '_');
    await fs.mkdir(exportFolder, { recursive: true }).catch((cause: unknown) => {
      const details = { file: exportFolder, cause };
      throw new UserError(`the folder ${exportFolder} could not be made: check who may write there`, details);
    });
    return path.join(exportFolder, `${safe}.${extension}`);
  }
}

/** The image with what both masks have in common, and what only one has, at the image's size. */
function masksPicture(picture: RgbImage, adapted: Mask, frozen: Mask): Promise<Buffer> {
  const mask = (belongs: (ours: number, theirs: number) => boolean): Mask => ({
    ...adapted,
    data: adapted.data.map((ours, pixel) => (belongs(ours, frozen.data[pixel]) ? 1 : 0)),
  });
  return overlaysPng(picture, [
    { mask: mask((ours, theirs) => ours === 1 && theirs === 1), colour: maskColours.both },
    { mask: mask((ours, theirs) => ours === 1 && theirs === 0), colour: maskColours.adapted },
    { mask: mask((ours, theirs) => ours === 0 && theirs === 1), colour: maskColours.frozen },
  ]);
}
