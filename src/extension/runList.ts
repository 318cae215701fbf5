import { z } from 'zod';
import { runCli } from './cliProcess';

const runSchema = z.object({
  /** Absolute path. */
  run: z.string(),
  name: z.string(),
  /** `stale`: its process is gone and did not say how it ended. */
  status: z.enum(['running', 'done', 'failed', 'stopped', 'stale']),
  message: z.string().nullable(),
  /** Asked for, and done. */
  epochs: z.number(),
  epoch: z.number(),
  bestDice: z.number().nullable(),
  /** Absolute path of the best adapters. */
  best: z.string().nullable(),
  /** Milliseconds since the epoch. */
  started: z.number().nullable(),
  /** Time that processes worked on it. */
  seconds: z.number(),
  device: z.string().nullable(),
  process: z.object({ pid: z.number(), host: z.string() }).nullable(),
});

/** A run as `med-sa runs` tells of it. */
export type ListedRun = z.infer<typeof runSchema>;

/** The runs in a folder and those below it; of a run's own folder, that run. None where there is no folder. */
export async function listRuns(cli: string, folder: string, cwd: string): Promise<ListedRun[]> {
  const answer = await runCli({ cli, arguments: ['runs', folder], cwd });
  return z.object({ runs: z.array(runSchema) }).parse(answer).runs;
}

/** The run of a folder as it is now; null where there is none. */
export async function runAt(cli: string, folder: string, cwd: string): Promise<ListedRun | null> {
  const [run] = await listRuns(cli, folder, cwd);
  return run?.run === folder ? run : null;
}
