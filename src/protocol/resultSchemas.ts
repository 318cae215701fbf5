// Shapes of what the kernel answers the extension, checked where it arrives: the two may be of different versions. Maps and
// pictures come as base64, whose characters nobody looks at here.
import * as z from 'zod/mini';
import type { RunForecast } from './fineTune';
import { inspectorEventSchema, inspectorOutputSchema } from './inspectorEventSchema';
import type { KernelRequests } from './kernel';
import { kernelStatusSchema } from './notificationSchemas';

const text = z.string();
const whole = z.int().check(z.nonnegative());
const amount = z.number().check(z.nonnegative());

const forecast = z.object({
  data: text,
  layout: text,
  classes: z.array(text),
  cases: z.object({ train: whole, validation: whole }),
  examples: z.object({ count: whole, exact: z.boolean() }),
  model: text,
  parameters: whole,
  device: text,
  notes: z.array(text),
  memory: z.object({
    step: amount,
    available: z.nullable(amount),
    fits: z.boolean(),
    instead: z.nullable(
      z.object({ recompute: z.optional(z.enum(['none', 'blocks'])), accumulate: z.optional(z.int()) }),
    ),
  }),
  seconds: z.nullable(z.object({ step: amount, epoch: amount, validation: z.nullable(amount), preparation: amount })),
}) satisfies z.ZodMiniType<RunForecast>;

/** One schema per request: one without does not compile. */
export const kernelResultSchemas: {
  readonly [M in keyof KernelRequests]: z.ZodMiniType<KernelRequests[M][1]>;
} = {
  'cell/execute': z.object({ ok: z.boolean() }),
  'cell/interrupt': z.object({ interrupted: z.boolean() }),
  'notebook/close': z.null(),
  'viewer/request': z.null(),
  'training/start': z.object({ run: text.check(z.minLength(1)) }),
  'training/forecast': forecast,
  'training/stop': z.object({ stopped: z.boolean() }),
  'training/resume': z.null(),
  'annotation/export': z.object({ images: whole, unlabelled: whole }),
  'adapters/use': kernelStatusSchema,
  'inspector/open': inspectorOutputSchema,
  'inspector/ask': inspectorEventSchema,
  'status/get': kernelStatusSchema,
};
