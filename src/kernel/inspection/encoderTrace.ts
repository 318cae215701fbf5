import { keep, type RunSegment, type Tensor } from '../graph';
import { attachedSeams } from '../medsa/attachment';
import type { AttachmentTrace } from '../medsa/observation';
import { isLora, type AttachmentOptions } from '../medsa/options';
import { encodeImages, type SamModel } from '../sam/sam';
import { bare, type EncoderBlockSeams, type Seams } from '../sam/seams';
import { constantWeights } from '../sam/weights';
import type { InspectedModel } from './model';

/** One block of the encoder, as the pass over an image computes it. */
export interface BlockTrace {
  /** `image_encoder.blocks.0` */
  readonly name: string;
  readonly attachments: readonly AttachmentTrace[];
  /** [B, h, w, C] */
  readonly output: Tensor;
  /** What the block would give of the same input with nothing attached to it. */
  readonly frozen: Tensor;
}

export interface EncoderTrace {
  /** [B, C, g, g] */
  readonly embedding: Tensor;
  readonly blocks: readonly BlockTrace[];
}

/** What is attached, for volumes of so many slices; only a depth branch cares. */
export const attachmentFor = ({ options }: InspectedModel, slices: number): AttachmentOptions =>
  isLora(options) || options.slices === null ? options : { ...options, slices };

/** SAM with something attached that is observed; LoRA stands beside the weights here, not merged into them. */
export function observedModel(
  model: InspectedModel,
  slices: number,
  observe: (trace: AttachmentTrace) => void,
): SamModel {
  const weights = constantWeights(new Map([...model.frozen, ...model.attached]));
  return { config: model.config, weights, seams: attachedSeams(weights, attachmentFor(model, slices), observe) };
}

/**
 * The adapted encoder's own graph, with the nodes that the inspector reads. Each block is built a second time without
 * what is attached, on the same input: its attention is the same node (LoRA: its own), its MLP is computed once more.
 * images: [B, 3, S, S], the slices of one volume
 */
export function traceEncoder(model: InspectedModel, images: Tensor): EncoderTrace {
  const blocks: BlockTrace[] = [];
  let attachments: AttachmentTrace[] = [];
  const sam = observedModel(model, images.shape[0], (trace) => attachments.push(trace));
  const sides = new TwoSides(sam.seams, isLora(model.options));
  const block: RunSegment = (inputs, body) => {
    attachments = [];
    const output = body(...inputs);
    const frozen = sides.withoutAttachment(() => body(...inputs));
    blocks.push({ name: `image_encoder.blocks.${blocks.length}`, attachments, output, frozen });
    return output;
  };
  const embedding = encodeImages({ ...sam, seams: sides.seams, segments: { block, attention: keep } }, images);
  return { embedding, blocks };
}

/** Seams that can be switched to bare ones while a block is built. */
class TwoSides {
  private attached = true;

  constructor(
    private readonly given: Seams,
    private readonly ownAttention: boolean,
  ) {}

  readonly seams: Seams = {
    encoderBlock: (index) => this.encoderBlock(this.given.encoderBlock(index), bare.encoderBlock(index)),
    decoderLayer: (index) => this.given.decoderLayer(index),
    finalProjection: (...site) => this.given.finalProjection(...site),
  };

  withoutAttachment<R>(build: () => R): R {
    this.attached = false;
    try {
      return build();
    } finally {
      this.attached = true;
    }
  }

  private encoderBlock(given: EncoderBlockSeams, without: EncoderBlockSeams): EncoderBlockSeams {
    const side = (): EncoderBlockSeams => (this.attached ? given : without);
    let plane: Tensor | null = null;
    return {
      // That of the adapted model on both sides: the difference is what is attached, not the order of padding.
      padding: given.padding,
      attention: (n, own) => {
        if (!this.attached && !this.ownAttention && plane !== null) return plane;
        return side().attention(n, { ...own, plane: (x) => (plane = own.plane(x)) });
      },
      projection: (...site) => side().projection(...site),
      mlp: (n, mlp) => side().mlp(n, mlp),
    };
  }
}
