import { Random, type Case, type Split } from '../datasets';
import { cacheFolder } from '../cacheFolder';
import { UserError } from '../errors';
import { EmbeddingFolder } from '../inference/embeddingFolder';
import type { Executor } from '../runtime/types';
import type { SamConfig } from '../sam/config';
import { openCases, type CaseStore } from './caseStore';
import { EmbeddingCache } from './embeddings';
import { caseExamples, fixedViews, type ExampleSource, type FixedViews } from './examples';
import type { TrainOptions } from './options';
import type { Trainable } from './trainable';

/** What a run trains on and is measured on, read and found in order. */
export interface TrainingImages {
  readonly examples: ExampleSource;
  /** The same where embeddings are kept (`tune: decoder`); else null. */
  readonly views: FixedViews | null;
  readonly held: CaseStore;
}

type Progress = (message: string) => void;

/** What embeddings of training may take of the disk: some 2000 images of a full-size model, in two views each. */
const storedBytes = 16 * 2 ** 30;

/** @throws UserError for the first wrong file, or where one side shows no target; CancelledError */
export async function readImages(
  options: TrainOptions,
  { train, validation }: Split<Case>,
  side: number,
  { onProgress, signal }: { readonly onProgress?: Progress; readonly signal: AbortSignal },
): Promise<TrainingImages> {
  const reading = (what: string) => (done: number, total: number) => onProgress?.(`reading ${what} ${done}/${total}`);
  const cases = await openCases(train, { ...trainingDetail(side), onProgress: reading('images'), signal });
  const held = await openCases(validation, { onProgress: reading('validation images'), signal });
  for (const [{ outlines }, what] of [
    [cases, 'train on'],
    [held, 'validate on'],
  ] as const) {
    if (outlines.some(({ visible }) => visible.size > 0)) continue;
    throw new UserError(`${options.data}: none of the ${outlines.length} images to ${what} shows a target`, {
      file: options.data,
    });
  }
  return { ...examplesOf(options, cases, side), held };
}

/** Slices of volumes are kept in twice the model's detail, for a look from nearer. */
export const trainingDetail = (side: number) => ({ longestSide: { picture: side, volume: 2 * side } });

/** What a run trains on, of cases that were read. */
export function examplesOf(
  options: TrainOptions,
  cases: CaseStore,
  side: number,
): Pick<TrainingImages, 'examples' | 'views'> {
  const chunk = options.depth === 'sd-trans' ? options.slices : null;
  const plain = caseExamples(cases, { side, chunk, augment: null });
  const augmented = options.augment ? caseExamples(cases, { side, chunk, augment: { flip: options.flip } }) : null;
  if (options.tune !== 'decoder') return { examples: augmented ?? plain, views: null };
  const views = fixedViews(plain, augmented, new Random(options.seed).fork('views'));
  return { examples: views, views };
}

/** Computes the embeddings of all views before training begins. @throws CancelledError */
export async function keepEmbeddings(
  views: FixedViews,
  { executor, config, frozen, weights }: EmbeddingSetup,
  { onProgress, signal }: { readonly onProgress?: Progress; readonly signal: AbortSignal },
): Promise<EmbeddingCache> {
  const folder = new EmbeddingFolder(cacheFolder('training-embeddings'), storedBytes);
  const cache = new EmbeddingCache({ executor, config, frozen, folder, weights });
  await cache.fill(views, signal, (done, total) => onProgress?.(`computing embeddings ${done}/${total}`));
  return cache;
}

interface EmbeddingSetup {
  readonly executor: Executor;
  readonly config: SamConfig;
  readonly frozen: Trainable['frozen'];
  /** Tells the encoder from all others. */
  readonly weights: string;
}
