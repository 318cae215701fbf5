// Shapes of the kernel's answers to an inspector's page, checked where they arrive.
import * as z from 'zod/mini';
import type {
  InspectorBegin,
  InspectorEvent,
  InspectorOutput,
  InspectorPrompts,
  InspectorSummary,
  QuantisedMap,
} from './inspector';

const finite = z.number();
const whole = z.int().check(z.nonnegative());
const size = z.int().check(z.positive());
const text = z.string();
const list = z.array(finite);
const slot = z.literal([0, 1]);

const map = z.object({
  width: size,
  height: size,
  data: text,
  low: finite,
  high: finite,
  min: finite,
  max: finite,
  signed: z.boolean(),
}) satisfies z.ZodMiniType<QuantisedMap>;

const activity = z.nullable(z.object({ units: whole, dead: whole, nearDead: whole, histogram: list }));
const channels = z.object({ addition: whole, hidden: whole });

const summary = z.object({
  inspection: text,
  model: text,
  adapters: text,
  slices: size,
  firstSlice: whole,
  heads: size,
  width: size,
  height: size,
  cells: z.object({ columns: z.number().check(z.positive()), rows: z.number().check(z.positive()) }),
  blocks: z
    .array(
      z.object({
        name: text,
        change: list,
        attachments: z.array(z.object({ name: text, share: list, activity, channels, alongSlices: z.boolean() })),
      }),
    )
    .check(z.minLength(1)),
}) satisfies z.ZodMiniType<InspectorSummary>;

const prompts = z.object({
  points: z.array(z.object({ x: finite, y: finite, label: z.literal([0, 1]) })),
  box: z.nullable(z.tuple([finite, finite, finite, finite])),
}) satisfies z.ZodMiniType<InspectorPrompts>;

/** Of an output, and as a panel's page keeps it. */
export const inspectorBeginSchema = z.object({
  slice: whole,
  prompts: z.tuple([z.nullable(prompts), z.nullable(prompts)]),
}) satisfies z.ZodMiniType<InspectorBegin>;

/** Of a cell's output and of a panel. */
export const inspectorOutputSchema = z
  .object({
    version: z.literal(1),
    summary,
    begin: inspectorBeginSchema,
  })
  .check(
    z.refine(({ begin, summary: { slices } }) => begin.slice < slices, 'begins beyond its slices'),
  ) satisfies z.ZodMiniType<InspectorOutput>;

const named = { name: text, map };
const answer = z.object({
  slot,
  slice: whole,
  prompts,
  iou: finite,
  attachments: z.array(
    z.object({ name: text, share: finite, activity, channels, map: z.nullable(map), tokens: z.nullable(list) }),
  ),
  generated: z.array(z.object(named)),
});
const frozen = z.object({
  slot,
  embedding: map,
  embeddingChange: finite,
  iou: z.object({ adapted: finite, frozen: finite }),
  dice: finite,
  logits: map,
  masks: z.object({ width: size, height: size, data: text }),
});

const at = { viewId: text, requestId: whole };

export const inspectorEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('inspector/summary'), ...at, summary }),
  z.object({ type: z.literal('inspector/picture'), ...at, slice: whole, png: text }),
  z.object({ type: z.literal('inspector/maps'), ...at, maps: z.array(map) }),
  z.object({
    type: z.literal('inspector/prompt'),
    ...at,
    answer,
    changes: z.array(z.object({ ...named, change: finite })),
  }),
  z.object({ type: z.literal('inspector/frozen'), ...at, answer: frozen }),
  z.object({ type: z.literal('inspector/exported'), ...at, file: text }),
  z.object({ type: z.literal('inspector/error'), ...at, message: text }),
]) satisfies z.ZodMiniType<InspectorEvent>;
