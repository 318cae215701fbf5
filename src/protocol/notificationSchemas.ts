// Shapes of what the kernel says to the extension without being asked.
import * as z from 'zod/mini';
import type { CellOutput, KernelNotifications, KernelStatus } from './kernel';
import { viewerEventSchema } from './viewerEventSchemas';

const text = z.string();

export const cellOutputSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('stream'), name: z.enum(['stdout', 'stderr']), text }),
  z.object({
    kind: z.literal('display'),
    displayId: z.nullable(text),
    replace: z.boolean(),
    items: z.array(z.object({ mime: text.check(z.minLength(1)), encoding: z.enum(['utf8', 'base64']), data: text })),
  }),
  z.object({ kind: z.literal('error'), name: text, message: text, stack: text }),
  z.object({ kind: z.literal('clear') }),
]) satisfies z.ZodMiniType<CellOutput>;

export const kernelStatusSchema = z.object({
  model: z.nullable(text),
  adapters: z.nullable(text),
  device: z.nullable(text),
  deviceNotes: z.array(text),
  memoryMB: z.number(),
  pid: z.int(),
}) satisfies z.ZodMiniType<KernelStatus>;

/** One schema per notification: one without does not compile. */
export const kernelNotificationSchemas: {
  readonly [M in keyof KernelNotifications]: z.ZodMiniType<KernelNotifications[M]>;
} = {
  'cell/output': z.object({ notebook: text, executionId: text, output: cellOutputSchema }),
  'viewer/event': z.object({ notebook: text, event: viewerEventSchema }),
  'status/changed': kernelStatusSchema,
  'log/line': z.object({ level: z.enum(['info', 'warn', 'error']), text }),
};
