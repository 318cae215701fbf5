import os from 'node:os';
import { z } from 'zod';
import { runCli } from './cliProcess';

const modelSchema = z.object({
  name: z.string(),
  title: z.string(),
  /** `lost`: a link to a file that is gone. */
  state: z.enum(['embedded', 'here', 'absent', 'lost']),
  file: z.string().nullable(),
  /** Bytes. */
  size: z.number().nullable(),
  sizeIsExact: z.boolean(),
  licence: z.string().nullable(),
  page: z.string().nullable(),
});
const listSchema = z.object({ folder: z.string(), models: z.array(modelSchema) });

/** A model as `med-sa models` tells of it. */
export type ListedModel = z.infer<typeof modelSchema>;
export type ModelList = z.infer<typeof listSchema>;

/** Every model that is known or here, and the folder that models lie in. */
export const listModels = async (cli: string): Promise<ModelList> =>
  listSchema.parse(await runCli({ cli, arguments: ['models'], cwd: os.homedir() }));

export const isUsable = ({ state }: ListedModel): boolean => state === 'embedded' || state === 'here';
