// Shapes of everything that arrives at the kernel. Messages come from notebooks, and a notebook file may hold anything.
import { z } from 'zod';
import type { KernelRequests } from './kernel';
import type { ImageOutput, Prompt, ViewerRequest } from './viewer';

const name = z.string().min(1).max(4096);
const id = z.string().min(1).max(200);
const count = z.number().int().positive();

/** A session's id is also the name of its journal file, so it may hold nothing that leaves the folder. */
export const sessionIdSchema = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'is no session id');

export const promptSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('point'),
    x: z.number().finite(),
    y: z.number().finite(),
    label: z.union([z.literal(0), z.literal(1)]),
  }),
  z.object({
    kind: z.literal('box'),
    x0: z.number().finite(),
    y0: z.number().finite(),
    x1: z.number().finite(),
    y1: z.number().finite(),
  }),
]) satisfies z.ZodType<Prompt>;

const slice = z.number().int().nonnegative();

export const imageOutputSchema = z.object({
  version: z.literal(1),
  viewId: id,
  sessionId: sessionIdSchema,
  image: z.object({
    path: name,
    name: z.string(),
    width: count,
    height: count,
    slices: count,
    spacing: z.tuple([z.number().positive(), z.number().positive()]).nullable(),
  }),
  slice,
}) satisfies z.ZodType<ImageOutput>;

export const viewerRequestSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('viewer/attach'), viewId: id, output: imageOutputSchema }),
  z.object({ type: z.literal('viewer/prompt'), viewId: id, slice, prompt: promptSchema }),
  z.object({ type: z.literal('viewer/undo'), viewId: id }),
  z.object({ type: z.literal('viewer/redo'), viewId: id }),
  z.object({ type: z.literal('viewer/clear'), viewId: id, slice }),
  z.object({ type: z.literal('training/attach'), viewId: id, run: name }),
  z.object({ type: z.literal('training/stop'), viewId: id, run: name }),
]) satisfies z.ZodType<ViewerRequest>;

export const fineTuneSchema = z.object({
  notebook: name,
  folder: name,
  data: name,
  model: name.optional(),
  tune: z.enum(['adapters', 'lora', 'decoder', 'full']).optional(),
  epochs: count.max(100_000).optional(),
  batch: count.max(4096).optional(),
  imageSize: count.max(4096).optional(),
  learningRate: z.number().positive().finite().optional(),
  seed: z.number().int().nonnegative().optional(),
  device: name.optional(),
}) satisfies z.ZodType<KernelRequests['training/start'][0]>;

/** One schema per request of the extension: a request without one does not compile. */
export const kernelRequestSchemas: { readonly [M in keyof KernelRequests]: z.ZodType<KernelRequests[M][0]> } = {
  'cell/execute': z.object({ notebook: name, folder: name, executionId: id, code: z.string() }),
  'cell/interrupt': z.object({ notebook: name }),
  'notebook/close': z.object({ notebook: name }),
  'viewer/request': z.object({ notebook: name, folder: name, request: viewerRequestSchema }),
  'training/start': fineTuneSchema,
  'training/stop': z.object({ run: name }),
  'adapters/use': z.object({ notebook: name, folder: name, file: name.nullable() }),
  'status/get': z.null().or(z.undefined().transform(() => null)),
};
