import { CancelledError } from '../errors';
import { sizeOf } from '../graph';
import { HeldTensorLost } from '../runtime/errors';
import type { Executor, HeldTensor } from '../runtime/types';

/** An image inside of the executor. */
export interface HeldEmbedding {
  /** [1, C, g, g] */
  readonly embedding: HeldTensor;
  /** What clicks without a previous answer read in its place: inputs of `compileClickDecoder`. */
  readonly clicks: Readonly<Record<string, HeldTensor>>;
}

/** Makes the embeddings of pictures that are encoded together, one for each, inside of the executor. */
export type Encode = (signal?: AbortSignal) => Promise<readonly HeldEmbedding[]>;

type Making = Promise<readonly HeldEmbedding[]>;

/** Pictures that were encoded in one run; what it takes to encode them again outlives their embeddings. */
export interface EncodedGroup {
  readonly key: string;
  readonly encode: Encode;
  /** Opened so many times more than closed. */
  users: number;
  /** Pieces of work under way that need the embeddings. */
  pins: number;
  /** null: out of memory, or not made yet. */
  making: Making | null;
  /** Of the embeddings, while they are held. */
  bytes: number;
}

/**
 * Embeddings inside of an executor: those of equal pictures are shared, and together they take no more than `limit`
 * bytes, the least recently used ones leaving first. Ones that left, or went with the process that held them, are made
 * again when they are needed.
 */
export class EmbeddingStore {
  /** Least recently used first. */
  private readonly groups = new Map<string, EncodedGroup>();
  private bytes = 0;

  constructor(
    private readonly executor: Executor,
    private readonly limit: number,
  ) {}

  /** The group of this key, encoded; every `open` that resolves is owed one `close`. */
  async open(key: string, encode: Encode, signal?: AbortSignal): Promise<EncodedGroup> {
    const group = this.groups.get(key) ?? { key, encode, users: 0, pins: 0, making: null, bytes: 0 };
    group.users++;
    try {
      await this.use(group, () => Promise.resolve(), signal);
      return group;
    } catch (error) {
      await this.close(group);
      throw error;
    }
  }

  /**
   * Lends the embeddings to `work`. Where the executor has lost them they are made again, and `work` is done once more;
   * only once, so that an executor that dies of this very work does not do so for ever.
   */
  async use<R>(
    group: EncodedGroup,
    work: (embeddings: readonly HeldEmbedding[]) => Promise<R>,
    signal?: AbortSignal,
  ): Promise<R> {
    group.pins++;
    this.groups.delete(group.key);
    this.groups.set(group.key, group);
    try {
      const embeddings = await this.embeddingsOf(group, signal);
      const used = group.making;
      try {
        return await work(embeddings);
      } catch (error) {
        if (!(error instanceof HeldTensorLost)) throw error;
        if (group.making === used) this.forget(group); // else somebody else has noticed, and encodes already
        return await work(await this.embeddingsOf(group, signal));
      }
    } finally {
      group.pins--;
      await this.freeUnused(group);
      await this.shrink();
    }
  }

  /** Frees the embeddings when nobody else has the group open, as soon as nobody uses them. */
  async close(group: EncodedGroup): Promise<void> {
    group.users--;
    await this.freeUnused(group);
  }

  private async embeddingsOf(group: EncodedGroup, signal?: AbortSignal): Promise<readonly HeldEmbedding[]> {
    for (;;) {
      const others = group.making;
      group.making ??= this.make(group, signal);
      try {
        return await group.making;
      } catch (error) {
        // Whoever began this has cancelled it; we have not.
        if (others === null || signal?.aborted || !(error instanceof CancelledError)) throw error;
      }
    }
  }

  private make(group: EncodedGroup, signal?: AbortSignal): Making {
    const making = group.encode(signal).then(
      (embeddings) => {
        group.bytes = embeddings.flatMap(tensorsOf).reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
        this.bytes += group.bytes;
        return embeddings;
      },
      (error: unknown) => {
        group.making = null;
        throw error;
      },
    );
    return making;
  }

  private forget(group: EncodedGroup): void {
    group.making = null;
    this.bytes -= group.bytes;
    group.bytes = 0;
  }

  private async freeUnused(group: EncodedGroup): Promise<void> {
    if (group.users > 0 || group.pins > 0) return;
    if (this.groups.get(group.key) === group) this.groups.delete(group.key);
    await this.free(group);
  }

  private async shrink(): Promise<void> {
    for (const group of [...this.groups.values()]) {
      if (this.bytes <= this.limit) return;
      if (group.pins === 0) await this.free(group);
    }
  }

  private async free(group: EncodedGroup): Promise<void> {
    const making = group.making;
    if (making === null) return;
    this.forget(group);
    for (const tensor of (await making).flatMap(tensorsOf)) await this.executor.free(tensor);
  }
}

const tensorsOf = ({ embedding, clicks }: HeldEmbedding): HeldTensor[] => [embedding, ...Object.values(clicks)];
