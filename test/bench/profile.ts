import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/** One event of ONNX Runtime's profile; times in microseconds. */
const eventSchema = z.object({
  cat: z.string(),
  name: z.string(),
  ts: z.number(),
  dur: z.number().default(0),
  args: z
    .object({
      op_name: z.string().optional(),
      input_type_shape: z.array(z.record(z.string(), z.array(z.number()))).optional(),
    })
    .default({}),
});
type Event = z.infer<typeof eventSchema>;

export interface KernelTime {
  readonly name: string;
  /** Per run. */
  readonly ms: number;
}

export interface Profile {
  /** Per run: what the runtime spent in a run, and of that in kernels. */
  readonly runMs: number;
  readonly kernelMs: number;
  /** Most expensive first. */
  readonly byOperator: readonly KernelTime[];
  /** Single nodes with the shapes of their inputs, most expensive first. */
  readonly byNode: readonly KernelTime[];
}

/** The profile of the last `runs` runs, from the one file that a session left in `folder`. */
export async function readProfile(folder: string, runs: number): Promise<Profile> {
  const [file] = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  if (file === undefined) throw new Error(`the runtime left no profile in ${folder}`);
  const events = z.array(eventSchema).parse(JSON.parse(await readFile(path.join(folder, file), 'utf8')));
  const whole = events.filter(({ name }) => name === 'model_run').sort((a, b) => a.ts - b.ts);
  const counted = whole.slice(-runs);
  if (counted.length < runs) throw new Error(`the profile tells of ${counted.length} runs, not of ${runs}`);
  const kernels = events.filter(({ cat, name, ts }) => {
    return cat === 'Node' && name.endsWith('_kernel_time') && ts >= counted[0].ts;
  });
  const perRun = (some: readonly Event[]): number => some.reduce((sum, { dur }) => sum + dur, 0) / 1000 / runs;
  const grouped = (key: (event: Event) => string): KernelTime[] => {
    const sums = new Map<string, number>();
    for (const event of kernels) sums.set(key(event), (sums.get(key(event)) ?? 0) + perRun([event]));
    return [...sums].map(([name, ms]) => ({ name, ms })).sort((a, b) => b.ms - a.ms);
  };
  return {
    runMs: perRun(counted),
    kernelMs: perRun(kernels),
    byOperator: grouped(({ args }) => args.op_name ?? 'unknown'),
    byNode: grouped(({ name, args }) => `${name.replace(/_kernel_time$/, '')} ${args.op_name} ${shapesOf(args)}`),
  };
}

const shapesOf = ({ input_type_shape: shapes = [] }: Event['args']): string =>
  shapes.map((shape) => `[${Object.values(shape)[0]?.join('×') ?? ''}]`).join(' · ');
