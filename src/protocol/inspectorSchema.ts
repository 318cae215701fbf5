import { z } from 'zod';
import type { InspectorRequest } from './inspector';
import { listOf } from './viewerSchemas';

const name = z.string().min(1).max(4096);
const whole = z.number().int().nonnegative();
const part = z.enum(['addition', 'hidden']);
const slot = z.literal([0, 1]);

const maps = [
  z.object({ of: z.literal('norm'), attachment: name, part }),
  z.object({ of: z.literal('channel'), attachment: name, part, channel: whole }),
  z.object({ of: z.literal('difference'), block: name }),
  z.object({ of: z.literal('slices'), attachment: name, from: whole, to: whole }),
  z.object({ of: z.literal('sliceMatrix'), attachment: name, head: whole.nullable() }),
  z.object({ of: z.literal('decoder'), slot, attachment: name, part, channel: whole.nullable() }),
  z.object({ of: z.literal('generated'), slot, name }),
  z.object({ of: z.literal('generatedChange'), name }),
  z.object({ of: z.literal('frozen'), slot, what: z.enum(['embedding', 'logits']) }),
] as const;
const mapQuery = z.discriminatedUnion('of', maps);
const pictureQuery = z.discriminatedUnion('of', [...maps, z.object({ of: z.literal('masks'), slot })]);

const prompts = z.object({
  points: listOf(z.object({ x: z.number(), y: z.number(), label: z.literal([0, 1]) }), 1000),
  box: z.tuple([z.number(), z.number(), z.number(), z.number()]).nullable(),
});

const asking = { viewId: name, inspection: name, requestId: whole };

/** A page's messages may come from any notebook: only what fits is answered. */
export const inspectorRequestSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('inspector/attach'), ...asking }),
  z.object({ type: z.literal('inspector/picture'), ...asking, slice: whole }),
  z.object({ type: z.literal('inspector/maps'), ...asking, slice: whole, maps: listOf(mapQuery, 64) }),
  z.object({ type: z.literal('inspector/prompt'), ...asking, slot, slice: whole, prompts }),
  z.object({ type: z.literal('inspector/frozen'), ...asking, slot }),
  z.object({ type: z.literal('inspector/exportTensors'), ...asking }),
  z.object({ type: z.literal('inspector/exportMap'), ...asking, slice: whole, map: pictureQuery }),
]) satisfies z.ZodType<InspectorRequest>;
