import { z } from 'zod';
import { runCli } from './cliProcess';

const dataSetSchema = z.object({
  folder: z.string(),
  layout: z.string(),
  cases: z.number(),
  /** Cases that are pictures for sure; the others are volumes, or may be. */
  pictures: z.number(),
  /** Patients or subjects. */
  groups: z.number(),
  classes: z.array(z.object({ name: z.string(), cases: z.number() })),
  notes: z.array(z.string()),
  warnings: z.array(z.string()),
});

/** What a folder of images with masks holds, as `med-sa data` tells. */
export type DataSet = z.infer<typeof dataSetSchema>;

/** Opens a data folder; masks are read only where nothing else tells the classes. @throws Error in the command's words */
export async function describeData(cli: string, folder: string, signal?: AbortSignal): Promise<DataSet> {
  const answer = await runCli({ cli, arguments: ['data', folder, '--quick'], cwd: folder, signal });
  return dataSetSchema.parse(answer);
}
