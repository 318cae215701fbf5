import { compile, input, slice, sub, transpose, type CompiledGraph, type Tensor } from '../graph';
import type { AttachmentTrace } from '../medsa/observation';
import { isLora } from '../medsa/options';
import { gridOf } from '../sam/config';
import { decodePrompts } from '../sam/sam';
import { observedModel, traceEncoder, type EncoderTrace } from './encoderTrace';
import type { InspectedModel } from './model';
import { blockReadings, held, readings } from './names';
import { activeShare, channelNorm, onGrid, share } from './reductions';
import { sliceAttention } from './sliceAttention';
import { substitute } from './substitute';

export interface TracedProgram {
  readonly program: CompiledGraph;
  readonly attachments: readonly AttachmentTrace[];
  /** Names of the encoder's blocks; the decoder's program has none. */
  readonly blocks: readonly string[];
}

/** What is read of one attachment: norms per token, its share, how often its units are active. */
function readingsOf(trace: AttachmentTrace, grid: number, lora: boolean): Record<string, Tensor> {
  const { name, addition, base } = trace;
  const added = onGrid(addition, grid);
  const hidden = onGrid(trace.toBase(trace.hidden), grid);
  return {
    [readings.addition(name)]: channelNorm(added),
    [readings.hidden(name)]: channelNorm(hidden),
    [readings.share(name)]: share(added, onGrid(base, grid)),
    // LoRA's low-rank product has no activation: none of its units can be dead.
    ...(lora ? {} : { [readings.active(name)]: activeShare(hidden) }),
    ...Object.fromEntries(trace.generated.map((weights, layer) => [readings.generated(name, layer), weights])),
  };
}

/** image [D, 3, S, S], the slices of one volume → everything that is read of the encoder (names.ts). */
export function compileEncoderInspection(model: InspectedModel, slices: number): TracedProgram {
  const { config, options } = model;
  const grid = gridOf(config);
  const image = input('image', [slices, 3, config.imageSize, config.imageSize]);
  const { embedding, blocks }: EncoderTrace = traceEncoder(model, image);
  const outputs: Record<string, Tensor> = {};
  for (const block of blocks) {
    const change = sub(block.output, block.frozen);
    outputs[blockReadings.difference(block.name)] = channelNorm(change);
    outputs[blockReadings.change(block.name)] = share(change, block.frozen);
    for (const trace of block.attachments) {
      Object.assign(outputs, readingsOf(trace, grid, isLora(options)));
      outputs[held.hidden(trace.name)] = trace.hidden;
      if (trace.line === null) continue;
      const attention = sliceAttention(trace.line, trace.addition, config.heads, grid);
      outputs[readings.sliceAttention(trace.name)] = attention.heads;
      outputs[held.sliceAttention(trace.name)] = attention.positions;
    }
  }
  for (let index = 0; index < slices; index++) outputs[held.embedding(index)] = slice(embedding, 0, index, index + 1);
  return {
    program: compile(`inspect-encoder-${slices}`, outputs),
    attachments: blocks.flatMap(({ attachments }) => attachments),
    blocks: blocks.map(({ name }) => name),
  };
}

/** embedding [1, C, g, g], points [1, P, 2], labels [1, P] → low_res_masks, iou, and what is read of the decoder. */
export function compileDecoderInspection(model: InspectedModel, tokens: number): TracedProgram {
  const { config, options } = model;
  const grid = gridOf(config);
  const attachments: AttachmentTrace[] = [];
  const sam = observedModel(model, 1, (trace) => attachments.push(trace));
  const { masks, iou } = decodePrompts(sam, input('embedding', [1, config.outChannels, grid, grid]), {
    points: input('points', [1, tokens, 2]),
    labels: input('labels', [1, tokens]),
  });
  const outputs: Record<string, Tensor> = { low_res_masks: masks, iou };
  for (const trace of attachments) {
    Object.assign(outputs, readingsOf(trace, grid, isLora(options)), { [held.hidden(trace.name)]: trace.hidden });
  }
  return { program: compile(`inspect-decoder-${tokens}`, outputs), attachments, blocks: [] };
}

export type ChannelPart = 'addition' | 'hidden';

/** How many channels a part of an attachment has. */
export const channelsOf = ({ addition, hidden }: AttachmentTrace, part: ChannelPart): number => {
  const { shape } = part === 'addition' ? addition : hidden;
  return shape[shape.length - 1];
};

/**
 * hidden, as it was kept → one channel, [D, g, g, 1] or [B, T, 1]. That of the addition is sliced from what the
 * attachment's own nodes make of `hidden`.
 */
export function compileChannel(
  trace: AttachmentTrace,
  part: ChannelPart,
  channel: number,
  grid: number,
): CompiledGraph {
  const hidden = input('hidden', trace.hidden.shape);
  const whole = part === 'hidden' ? trace.toBase(hidden) : substitute(trace.addition, trace.hidden, hidden);
  const last = whole.shape.length - 1;
  return compile('inspect-channel', { channel: onGrid(slice(whole, last, channel, channel + 1), grid) });
}

/** positions [1, g, g, D·D] → weight [1, g, g, 1] of slice `to` where slice `from` asks. */
export function compileSliceWeight(grid: number, slices: number, from: number, to: number): CompiledGraph {
  const positions = input('positions', [1, grid, grid, slices * slices]);
  const place = from * slices + to;
  return compile('inspect-slice-weight', { weight: slice(positions, 3, place, place + 1) });
}

/** adapted, frozen [1, C, g, g] → norm [1, g, g] of their difference over channels, change [1] relative to the frozen. */
export function compileEmbeddingDifference({ config }: InspectedModel): CompiledGraph {
  const grid = gridOf(config);
  const [adapted, frozen] = ['adapted', 'frozen'].map((name) => input(name, [1, config.outChannels, grid, grid]));
  const difference = sub(adapted, frozen);
  return compile('inspect-difference', {
    norm: channelNorm(transpose(difference, [0, 2, 3, 1])),
    change: share(difference, frozen),
  });
}
