// What the process of a notebook's cells may say. Any code runs there, `process.send` is within its reach.
import * as z from 'zod/mini';
import { cellOutputSchema } from '../../protocol/notificationSchemas';
import type { ApiMethod, FromCell } from './calls';

const text = z.string();
const id = z.int();

/** A method's name is looked up where it is carried out. */
const fromCell = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('started'), executionId: text }),
  z.object({ type: z.literal('output'), executionId: text, output: cellOutputSchema }),
  z.object({ type: z.literal('done'), executionId: text, ok: z.boolean() }),
  z.object({
    type: z.literal('call'),
    id,
    method: z.custom<ApiMethod>((name) => typeof name === 'string'),
    params: z.unknown(),
  }),
  z.object({ type: z.literal('cancel'), id }),
]) satisfies z.ZodMiniType<FromCell>;

export const parseFromCell = (message: unknown) => z.safeParse(fromCell, message);
