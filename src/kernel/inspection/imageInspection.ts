import type { PromptSet } from '../datasets/types';
import { UserError } from '../errors';
import { compile, input, type TensorData } from '../graph';
import type { AttachmentTrace } from '../medsa/observation';
import { HeldTensorLost } from '../runtime/errors';
import type { HeldTensor } from '../runtime/types';
import { gridOf } from '../sam/config';
import { FrozenImages, type FrozenComparison } from './frozenComparison';
import type { AdapterInspector, InspectedPixels } from './inspector';
import { held as heldNames, isHeldName } from './names';
import { channelsOf, compileChannel, compileSliceWeight, type ChannelPart, type TracedProgram } from './programs';
import { askPrompt, type PromptInspection } from './promptInspection';

type HeldTensors = Readonly<Record<string, HeldTensor>>;

/**
 * What one forward pass over an image said. The readings are here; the bottlenecks' activations and the embeddings stay
 * inside the executor until `free`, and are computed again by themselves when its process was lost.
 */
export class ImageInspection {
  private frozen: FrozenImages;

  private constructor(
    readonly inspector: AdapterInspector,
    readonly pixels: InspectedPixels,
    /** By name (names.ts). */
    readonly readings: ReadonlyMap<string, TensorData>,
    private held: HeldTensors,
  ) {
    this.frozen = new FrozenImages(inspector, pixels);
  }

  /** One pass of the inspecting encoder. */
  static async of(
    inspector: AdapterInspector,
    pixels: InspectedPixels,
    signal?: AbortSignal,
  ): Promise<ImageInspection> {
    const { outputs, held } = await pass(inspector, pixels, signal);
    return new ImageInspection(inspector, pixels, new Map(Object.entries(outputs)), held);
  }

  /** Slices. */
  get slices(): number {
    return this.pixels.image.shape[0];
  }

  get attachments(): readonly string[] {
    return this.trace.attachments.map(({ name }) => name);
  }

  get blocks(): readonly string[] {
    return this.trace.blocks;
  }

  /** Heads of the encoder's attention. */
  get heads(): number {
    return this.inspector.model.config.heads;
  }

  /** Channels of a part of an attachment of the encoder. @throws UserError where there is none of this name */
  channels(name: string, part: ChannelPart): number {
    return channelsOf(this.attachment(name), part);
  }

  /** @throws UserError where nothing of this name was read */
  reading(name: string): TensorData {
    const found = this.readings.get(name);
    if (found === undefined) throw new UserError(`nothing named ${name} was read of this model`);
    return found;
  }

  /** One channel of an attachment of the encoder: [D, g, g]. @throws UserError where there is no such channel */
  async channel(name: string, part: ChannelPart, channel: number, signal?: AbortSignal): Promise<TensorData> {
    const trace = this.attachment(name);
    checkChannel(trace, part, channel);
    const { programs, executor, model } = this.inspector;
    const loaded = await programs.get(`channel-${this.slices}-${name}-${part}-${channel}`, () =>
      compileChannel(trace, part, channel, gridOf(model.config)),
    );
    const run = (held: HeldTensors) => executor.run(loaded, { hidden: held[heldNames.hidden(name)] }, { signal });
    return withoutLast((await this.use(run, signal)).channel);
  }

  /**
   * How much slice `from` looks at slice `to`, at each position, mean over heads: [1, g, g].
   * @throws UserError where the attachment is no depth branch, or there is no such slice
   */
  async sliceWeight(name: string, from: number, to: number, signal?: AbortSignal): Promise<TensorData> {
    if (this.attachment(name).line === null) throw new UserError(`${name} looks at no other slices`);
    for (const slice of [from, to]) this.checkSlice(slice);
    const { programs, executor, model } = this.inspector;
    const loaded = await programs.get(`slice-weight-${this.slices}-${from}-${to}`, () =>
      compileSliceWeight(gridOf(model.config), this.slices, from, to),
    );
    const run = (held: HeldTensors) =>
      executor.run(loaded, { positions: held[heldNames.sliceAttention(name)] }, { signal });
    return withoutLast((await this.use(run, signal)).weight);
  }

  /** The decoder's answer to prompts on a slice, and what is read of its adapters. @throws UserError as a predictor's */
  ask(prompts: PromptSet, slice = 0, signal?: AbortSignal): Promise<PromptInspection> {
    this.checkSlice(slice);
    const ask = (held: HeldTensors) =>
      askPrompt(this.inspector, this.pixels.geometry, held[heldNames.embedding(slice)], prompts, slice, signal);
    return this.use(ask, signal);
  }

  /** Channels of each part of an attachment of the decoder. @throws UserError where there is none of this name */
  promptChannels({ tokens }: PromptInspection, name: string): Record<ChannelPart, number> {
    const trace = attachmentNamed(this.inspector.decoderOf(tokens), name, 'decoder');
    return { addition: channelsOf(trace, 'addition'), hidden: channelsOf(trace, 'hidden') };
  }

  /**
   * One channel of an attachment of the decoder, as a prompt brought it about: [1, g, g] at the image's places, [1, T] at
   * the tokens. @throws UserError where there is no such channel
   */
  async promptChannel(
    { tokens, readings }: PromptInspection,
    name: string,
    part: ChannelPart,
    channel: number,
    signal?: AbortSignal,
  ): Promise<TensorData> {
    const { programs, executor, model } = this.inspector;
    const trace = attachmentNamed(this.inspector.decoderOf(tokens), name, 'decoder');
    checkChannel(trace, part, channel);
    const loaded = await programs.get(`decoder-channel-${tokens}-${name}-${part}-${channel}`, () =>
      compileChannel(trace, part, channel, gridOf(model.config)),
    );
    const hidden = readings.get(heldNames.hidden(name))!;
    return withoutLast((await executor.run(loaded, { hidden }, { signal })).channel);
  }

  /** The frozen SAM beside the adapted one; its first call on a slice encodes with the frozen model. */
  async compareFrozen(asked: PromptInspection, signal?: AbortSignal): Promise<FrozenComparison> {
    return this.use((held) => this.frozen.compare(held[heldNames.embedding(asked.slice)], asked, signal), signal);
  }

  /** Everything that was read, and what is kept of the bottlenecks, by name. */
  async tensors(signal?: AbortSignal): Promise<Map<string, TensorData>> {
    const { programs, executor } = this.inspector;
    const all = new Map(this.readings);
    for (const [name, { shape }] of Object.entries(this.held)) {
      const port = await programs.get(`let-out-${shape.join('x')}`, () =>
        compile('inspect-let-out', { value: input('held', shape) }),
      );
      const { value } = await this.use((held) => executor.run(port, { held: held[name] }, { signal }), signal);
      all.set(name, value);
    }
    return all;
  }

  async free(): Promise<void> {
    const held = Object.values(this.held);
    this.held = {};
    for (const tensor of held) await this.inspector.executor.free(tensor);
    await this.frozen.free();
  }

  private get trace() {
    return this.inspector.encoderOf(this.slices);
  }

  private attachment(name: string) {
    return attachmentNamed(this.trace, name, 'encoder');
  }

  /** @throws UserError where there is no such slice */
  checkSlice(slice: number): void {
    if (!Number.isInteger(slice) || slice < 0 || slice >= this.slices) {
      throw new UserError(`slices 0 to ${this.slices - 1} are inspected, not ${slice}`);
    }
  }

  /** Lends what is held; once more where the executor's process was lost in between. */
  private async use<R>(work: (held: HeldTensors) => Promise<R>, signal?: AbortSignal): Promise<R> {
    if (Object.keys(this.held).length === 0) throw new UserError('this inspection was freed: inspect the image again');
    try {
      return await work(this.held);
    } catch (error) {
      if (!(error instanceof HeldTensorLost)) throw error;
      this.held = (await pass(this.inspector, this.pixels, signal)).held;
      this.frozen = new FrozenImages(this.inspector, this.pixels);
      return work(this.held);
    }
  }
}

/** @throws UserError where there is none of this name */
function attachmentNamed({ attachments }: TracedProgram, name: string, where: 'encoder' | 'decoder'): AttachmentTrace {
  const found = attachments.find((trace) => trace.name === name);
  if (found === undefined) throw new UserError(`nothing named ${name} is attached to the ${where}`);
  return found;
}

/** @throws UserError where there is no such channel */
function checkChannel(trace: AttachmentTrace, part: ChannelPart, channel: number): void {
  const count = channelsOf(trace, part);
  if (Number.isInteger(channel) && channel >= 0 && channel < count) return;
  throw new UserError(`${trace.name} has the ${part} channels 0 to ${count - 1}, not ${channel}`);
}

async function pass(inspector: AdapterInspector, { image }: InspectedPixels, signal?: AbortSignal) {
  const [slices] = image.shape;
  const { program } = inspector.encoderOf(slices);
  const loaded = await inspector.programs.get(`encoder-${slices}`, () => program);
  const keep = loaded.program.outputs.map(({ name }) => name).filter(isHeldName);
  return inspector.executor.runKeeping(loaded, { image }, { keep, signal });
}

/** [..., 1] → [...] */
const withoutLast = ({ shape, data }: TensorData): TensorData => ({
  dtype: 'float32',
  shape: shape.slice(0, -1),
  data,
});
