// Shapes of what arrives from image viewers. A notebook file may hold any output, and a page may send anything.
import { z } from 'zod';
import type { AnnotationObject, MaskPatch, Prompt } from './annotation';
import type { ImageOutput } from './image';
import type { ExportFormat, ImageRequest, ObjectProperties } from './viewer';
import type { ImageOutputV1, PromptV1 } from './viewerV1';

const path = z.string().min(1).max(4096);
const id = z.string().min(1).max(200);
const count = z.number().int().positive();
const slice = z.number().int().nonnegative();
const finite = z.number().finite();
const positive = z.number().positive().finite();

/** A session's id is also the name of its journal file, so it may hold nothing that leaves the folder. */
export const sessionIdSchema = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'is no session id');

const label = z.union([z.literal(0), z.literal(1)]);
/** Lists of a most length, which is looked at before their items are: a message may hold millions. */
export const listOf = <T extends z.ZodType>(item: T, most: number) =>
  z
    .custom<z.input<T>[]>(
      (value) => Array.isArray(value) && value.length <= most,
      `is no list of at most ${most} items`,
    )
    .pipe(z.array(item));

/** A line may be long, not endless: a hand gives some hundred positions a second. */
const line = listOf(z.tuple([finite, finite]), 20_000).refine(({ length }) => length > 0, 'holds no point');

const point = z.object({ kind: z.literal('point'), x: finite, y: finite, label });
const box = z.object({ kind: z.literal('box'), x0: finite, y0: finite, x1: finite, y1: finite });

export const promptSchema = z.discriminatedUnion('kind', [
  point,
  box,
  z.object({ kind: z.literal('scribble'), points: line, label }),
  z.object({ kind: z.literal('mask'), slice }),
]) satisfies z.ZodType<Prompt>;

export const promptV1Schema = z.discriminatedUnion('kind', [point, box]) satisfies z.ZodType<PromptV1>;

export const maskPatchSchema = z.object({
  x: slice,
  y: slice,
  width: count,
  height: count,
  runs: z.string(),
}) satisfies z.ZodType<MaskPatch>;

export const objectSchema = z.object({
  id,
  label: z.string().min(1).max(200),
  colour: z.string().regex(/^#[0-9a-f]{6}$/i, 'is no #rrggbb'),
  visible: z.boolean(),
  value: count.max(65_535),
}) satisfies z.ZodType<AnnotationObject>;

const propertiesSchema = objectSchema.omit({ id: true }).partial() satisfies z.ZodType<ObjectProperties>;

export const imageOutputSchema = z.object({
  version: z.literal(2),
  viewId: id.optional(),
  sessionId: sessionIdSchema.optional(),
  annotation: z.string().max(200).optional(),
  image: z.object({
    path,
    name: z.string().optional(),
    size: z.tuple([count, count, count]).optional(),
    spacing: z.tuple([positive, positive, positive]).nullable().optional(),
  }),
  slice: slice.optional(),
}) satisfies z.ZodType<ImageOutput>;

export const imageOutputV1Schema = z.object({
  version: z.literal(1),
  viewId: id,
  sessionId: sessionIdSchema,
  image: z.object({
    path,
    name: z.string(),
    width: count,
    height: count,
    slices: count,
    spacing: z.tuple([positive, positive]).nullable(),
  }),
  slice,
}) satisfies z.ZodType<ImageOutputV1>;

/** What may stand in a notebook for an image, of either version. */
export const anyImageOutputSchema = z.discriminatedUnion('version', [imageOutputSchema, imageOutputV1Schema]);

const formats = ['png-labels', 'png-overlay', 'nifti', 'dicom-seg', 'coco', 'pairs'] as const satisfies ExportFormat[];
const plane = z.enum(['axial', 'coronal', 'sagittal']);
const target = { viewId: id, object: id, slice };

const attachSchema = z.object({
  type: z.literal('viewer/attach'),
  version: z.literal(2),
  viewId: id,
  output: anyImageOutputSchema,
});

const intentSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('viewer/detach'), viewId: id }),
  z.object({
    type: z.literal('viewer/slices'),
    viewId: id,
    plane,
    indices: listOf(slice, 1000),
    pixels: z.boolean(),
    shrink: count.max(64).optional(),
    shown: slice.optional(),
  }),
  z.object({ type: z.literal('viewer/prompt/add'), ...target, id, prompt: promptSchema }),
  z.object({ type: z.literal('viewer/prompt/move'), ...target, id, prompt: promptSchema }),
  z.object({ type: z.literal('viewer/prompt/remove'), ...target, id }),
  z.object({ type: z.literal('viewer/hover'), ...target, previewId: slice, prompt: promptSchema }),
  z.object({ type: z.literal('viewer/choose'), ...target, candidate: slice }),
  z.object({ type: z.literal('viewer/object/add'), viewId: id, object: id, properties: propertiesSchema }),
  z.object({ type: z.literal('viewer/object/remove'), viewId: id, object: id }),
  z.object({ type: z.literal('viewer/object/change'), viewId: id, object: id, properties: propertiesSchema }),
  z.object({ type: z.literal('viewer/object/select'), viewId: id, object: id }),
  z.object({
    type: z.literal('viewer/stroke'),
    ...target,
    erase: z.boolean(),
    points: line,
    radius: positive.max(10_000),
  }),
  z.object({ type: z.literal('viewer/fill'), viewId: id, object: id, slice: slice.nullable() }),
  z.object({ type: z.literal('viewer/largest'), viewId: id, object: id, slice: slice.nullable() }),
  z.object({ type: z.literal('viewer/clear'), viewId: id, object: id.nullable(), slice: slice.nullable() }),
  z.object({ type: z.literal('viewer/undo'), viewId: id }),
  z.object({ type: z.literal('viewer/redo'), viewId: id }),
  z.object({
    type: z.literal('viewer/propagate'),
    viewId: id,
    object: id,
    from: slice,
    direction: z.enum(['up', 'down', 'both']),
    to: slice.nullable(),
  }),
  z.object({ type: z.literal('viewer/segment'), viewId: id, slice: slice.nullable() }),
  z.object({ type: z.literal('viewer/export'), viewId: id, format: z.enum(formats), path }),
  z.object({ type: z.literal('viewer/cancel'), viewId: id, task: id }),
]);

export const imageRequestSchema = z.union([attachSchema, intentSchema]) satisfies z.ZodType<ImageRequest>;
