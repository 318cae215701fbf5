import type {
  DecoderAttachment,
  FrozenAnswer,
  GeneratedChange as SentChange,
  NamedMap,
  PromptAnswer,
  PromptSlot,
} from '../../protocol/inspector';
import { resizeMask } from '../imaging';
import { decoderMap, embeddingMap, logitsMap, matrix } from './answerMap';
import { shownSize } from './coveredMap';
import type { FrozenComparison } from './frozenComparison';
import type { ImageInspection } from './imageInspection';
import { isGenerated, readings } from './names';
import { generatedChanges, type PromptInspection } from './promptInspection';
import { activityOf } from './summary';

export function answerPrompt(inspection: ImageInspection, slot: PromptSlot, asked: PromptInspection): PromptAnswer {
  const { prompts, slice, iou } = asked;
  const attachment = (name: string): DecoderAttachment => {
    const norms = asked.readings.get(readings.addition(name))!;
    const onImage = norms.shape.length === 3;
    return {
      name,
      share: asked.readings.get(readings.share(name))!.data[0],
      activity: activityOf(asked.readings, name),
      channels: inspection.promptChannels(asked, name),
      map: onImage ? decoderMap(inspection, norms, false) : null,
      tokens: onImage ? null : [...norms.data],
    };
  };
  const generated: NamedMap[] = [...asked.readings]
    .filter(([name]) => isGenerated(name))
    .map(([name, weights]) => ({ name, map: matrix(weights) }));
  return {
    slot,
    slice,
    prompts: { points: prompts.points.map((point) => ({ ...point })), box: prompts.box && [...prompts.box] },
    iou,
    attachments: asked.attachments.map(attachment),
    generated,
  };
}

export const answerChanges = (first: PromptInspection, second: PromptInspection): SentChange[] =>
  generatedChanges(first, second).map(({ name, difference, change }) => ({ name, map: matrix(difference), change }));

export function answerFrozen(
  inspection: ImageInspection,
  slot: PromptSlot,
  asked: PromptInspection,
  frozen: FrozenComparison,
): FrozenAnswer {
  const { width, height } = shownSize(inspection.pixels.geometry.original);
  const [ours, theirs] = [asked.mask, frozen.mask].map((mask) => resizeMask(mask, width, height).data);
  const both = Uint8Array.from(ours, (mine, pixel) => (mine ? (theirs[pixel] ? 1 : 2) : theirs[pixel] ? 3 : 0));
  return {
    slot,
    embedding: embeddingMap(inspection, frozen),
    embeddingChange: frozen.embeddingChange,
    iou: { adapted: asked.iou, frozen: frozen.iou },
    dice: frozen.dice,
    logits: logitsMap(inspection, asked, frozen),
    masks: { width, height, data: Buffer.from(both).toString('base64') },
  };
}
