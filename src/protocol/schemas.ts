// Shapes of everything that arrives at the kernel. Messages come from notebooks, and a notebook file may hold anything.
import { z } from 'zod';
import { inspectorRequestSchema } from './inspectorSchema';
import type { KernelRequests } from './kernel';
import type { TrainingRequest, ViewerRequest } from './viewer';
import { anyImageOutputSchema, imageRequestSchema, listOf } from './viewerSchemas';

const name = z.string().min(1).max(4096);
const id = z.string().min(1).max(200);

export const trainingRequestSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('training/attach'), viewId: id, run: name, curves: z.boolean().optional() }),
  z.object({ type: z.literal('training/detach'), viewId: id, run: name }),
  z.object({ type: z.literal('training/stop'), viewId: id, run: name }),
  z.object({ type: z.literal('training/resume'), viewId: id, run: name }),
  z.object({ type: z.literal('training/list'), viewId: id, run: name }),
]) satisfies z.ZodType<TrainingRequest>;

export const viewerRequestSchema = z.union([
  imageRequestSchema,
  trainingRequestSchema,
]) satisfies z.ZodType<ViewerRequest>;

/** Its choices are checked where they are told to the trainer. */
export const fineTuneSchema = z.looseObject({
  notebook: name,
  folder: name,
  data: name,
}) satisfies z.ZodType<KernelRequests['training/start'][0]>;

/** One schema per request of the extension: a request without one does not compile. */
export const kernelRequestSchemas: { readonly [M in keyof KernelRequests]: z.ZodType<KernelRequests[M][0]> } = {
  'cell/execute': z.object({ notebook: name, folder: name, executionId: id, code: z.string() }),
  'cell/interrupt': z.object({ notebook: name }),
  'notebook/close': z.object({ notebook: name }),
  'viewer/request': z.object({ notebook: name, folder: name, request: viewerRequestSchema }),
  'training/start': fineTuneSchema,
  'training/forecast': fineTuneSchema,
  'training/stop': z.object({ run: name }),
  'training/resume': z.object({ run: name }),
  'annotation/export': z.object({
    notebook: name,
    folder: name,
    outputs: listOf(anyImageOutputSchema, 10_000),
    target: name,
  }),
  'adapters/use': z.object({ notebook: name, folder: name, file: name.nullable() }),
  'inspector/open': z.object({
    notebook: name,
    folder: name,
    image: anyImageOutputSchema,
    adapters: name,
  }),
  'inspector/ask': z.object({ request: inspectorRequestSchema }),
  'status/get': z.null().or(z.undefined().transform(() => null)),
};
