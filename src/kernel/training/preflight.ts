import { gigabytes } from '../bytes';
import { UserError } from '../errors';
import { estimateMemory, type MemoryEstimate } from '../runtime/memoryEstimate';
import { chunkOf, stepOutputs, stepTensors, type TrainStepOptions } from './trainStep';

/** What of a run decides how much memory it takes, in the words of the command line. */
export type MemorySettings = Pick<TrainStepOptions, 'images' | 'recompute' | 'accumulate'>;

/** The largest prompts that a step meets: the first and two corrective clicks. */
const mostTokens = 4;

/** Of what is free, what a run may plan with: images, other programs and the system need some too. */
const usableShare = 0.9;

/** Peak memory of a training step, bytes, without running it. */
export const stepMemory = (options: TrainStepOptions): MemoryEstimate =>
  estimateMemory(stepTensors(options, mostTokens), stepOutputs);

/** Memory that this process can still get, bytes; container limits count. */
export const availableMemory = (): number => process.availableMemory();

/** Whether a step fits into memory, and if not, with which settings it would: null where with none. */
export interface MemoryVerdict {
  readonly estimate: MemoryEstimate;
  readonly fits: boolean;
  readonly instead: MemorySettings | null;
}

/** Compares a step's memory with what is free, bytes. */
export function judgeMemory(options: TrainStepOptions, available = availableMemory()): MemoryVerdict {
  const need = (settings: Partial<MemorySettings>): MemoryEstimate => stepMemory({ ...options, ...settings });
  const fits = ({ total }: MemoryEstimate): boolean => total <= usableShare * available;
  const estimate = need({});
  if (fits(estimate)) return { estimate, fits: true, instead: null };
  const parts = options.images / chunkOf(options);
  return { estimate, fits: false, instead: thriftier(options, parts).find((changed) => fits(need(changed))) ?? null };
}

/**
 * Checks, before a run starts, that its steps fit into memory.
 * @throws UserError naming settings that would fit, or that none would
 */
export function requireMemory(options: TrainStepOptions, available = availableMemory()): MemoryEstimate {
  const { estimate, fits, instead } = judgeMemory(options, available);
  if (fits) return estimate;
  const chunk = chunkOf(options);
  const advice =
    instead !== null
      ? `it would with ${describe(instead, options)}`
      : chunk > 1
        ? `no chunk of ${chunk} slices would: take fewer --slices, or a smaller --image-size or --model`
        : 'no batch of this model at this image size would: take a smaller --image-size or --model';
  throw new UserError(
    `a training step takes about ${gigabytes(estimate.total)} of memory, and ${gigabytes(available)} are free: ${advice}`,
  );
}

/** Settings that take less, those that change least first; `divisible`: how many parts a batch can have. */
function thriftier(
  { images, recompute = 'none', accumulate = 1 }: MemorySettings,
  divisible: number,
): MemorySettings[] {
  const parts: number[] = [];
  for (let count = 2 * accumulate; count < 2 * divisible; count *= 2) parts.push(Math.min(count, divisible));
  const inParts = (mode: MemorySettings['recompute']): MemorySettings[] =>
    parts.map((count) => ({ images, recompute: mode, accumulate: count }));
  return recompute === 'blocks'
    ? inParts('blocks')
    : [...inParts('none').slice(0, 1), { images, recompute: 'blocks', accumulate }, ...inParts('blocks')];
}

function describe({ recompute, accumulate = 1 }: MemorySettings, given: MemorySettings): string {
  const changed = [
    ...(recompute === given.recompute || recompute === 'none' ? [] : [`--recompute ${recompute}`]),
    ...(accumulate === (given.accumulate ?? 1) ? [] : [`--accumulate ${accumulate}`]),
  ];
  return changed.join(' ');
}
