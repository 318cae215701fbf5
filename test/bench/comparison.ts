import { UserError } from '../../src/kernel/errors';
import { benchRow, median, type BenchRow } from './bench';
import { attentions, type Attention, type ReferenceRun, type TorchReference } from './torchReference';

interface Timing {
  /** Medians, in milliseconds. */
  readonly ms: number;
  readonly cpuMs: number;
}

export interface Comparison {
  readonly ours: Timing;
  readonly reference: (Timing & { readonly attention: Attention }) | null;
  /** Why there is no reference. */
  readonly missing?: string;
}

const warmUps = 2;
/** Wall time and processor time that disagree by more than this say that others used the machine. */
const noise = 0.15;

/** Wall time and processor time of one run in this process. */
async function timed(work: () => Promise<unknown>): Promise<Timing> {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await work();
  const ms = performance.now() - begin;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1000 };
}

const medians = (runs: readonly Timing[]): Timing => ({
  ms: median(runs.map(({ ms }) => ms)),
  cpuMs: median(runs.map(({ cpuMs }) => cpuMs)),
});

/**
 * Runs of ours and of the reference by turns, so that both see the same machine; the medians after `warmUps` rounds.
 * The reference is the faster of its attention variants; one that fails is left out.
 */
export async function compareRuns(
  runs: number,
  ours: () => Promise<unknown>,
  reference: TorchReference | null,
): Promise<Comparison> {
  const own: Timing[] = [];
  const theirs = new Map<Attention, ReferenceRun[]>(reference === null ? [] : attentions.map((name) => [name, []]));
  let missing: string | undefined;
  for (let round = -warmUps; round < runs; round++) {
    const result = await timed(ours);
    if (round >= 0) own.push(result);
    for (const [attention, kept] of theirs) {
      try {
        const answer = await reference!.run(attention);
        if (round >= 0) kept.push(answer);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        theirs.delete(attention);
        missing = error.message;
      }
    }
  }
  const candidates = [...theirs].map(([attention, answers]) => ({ attention, ...medians(answers) }));
  candidates.sort((a, b) => a.ms - b.ms);
  return { ours: medians(own), reference: candidates[0] ?? null, missing };
}

/** Wall time against the goal, and the processor time of the same runs. */
export function comparisonRows(
  name: string,
  goal: number | null,
  { ours, reference, missing }: Comparison,
): BenchRow[] {
  const wall = reference && ours.ms / reference.ms;
  const cpu = reference && ours.cpuMs / reference.cpuMs;
  const noisy = wall !== null && cpu !== null && Math.abs(wall / cpu - 1) > noise;
  const note = [reference?.attention ?? missing, noisy && 'noisy'].filter(Boolean).join(', ') || undefined;
  return [
    benchRow({ name, ours: ours.ms, reference: reference?.ms, goal: reference && goal, unit: 'ms', note }),
    benchRow({
      name: `${name}, processor time`,
      ours: ours.cpuMs / 1000,
      reference: reference && reference.cpuMs / 1000,
      goal: null,
      unit: 's',
    }),
  ];
}
