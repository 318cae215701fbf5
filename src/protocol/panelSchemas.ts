// Shapes of what panels and their pages say to each other besides the kernel's own messages.
import * as z from 'zod/mini';
import type { CurvesPanelMessage, CurvesPanelStart, CurvesState } from './curvesPanel';
import type { InspectorSubject } from './inspectorPanel';
import { inspectorOutputSchema } from './inspectorEventSchema';

export const curvesStateSchema = z.object({
  runs: z.array(z.string().check(z.minLength(1), z.maxLength(4096))).check(z.minLength(1), z.maxLength(100)),
  smoothing: z.number().check(z.gte(0), z.lte(1)),
  log: z.boolean(),
}) satisfies z.ZodMiniType<CurvesState>;

/** Of the page. A file's name is one: it leads into no folder. */
export const curvesPanelMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('panel/ready') }),
  z.object({ type: z.literal('panel/state'), state: curvesStateSchema }),
  z.object({
    type: z.literal('panel/save'),
    name: z.string().check(
      z.regex(/^[^/\\:]{1,255}$/),
      z.refine((name) => !/^\.*$/.test(name)),
    ),
    base64: z.string(),
  }),
]) satisfies z.ZodMiniType<CurvesPanelMessage>;

export const curvesPanelStartSchema = z.object({
  type: z.literal('panel/start'),
  viewId: z.string(),
  state: curvesStateSchema,
}) satisfies z.ZodMiniType<CurvesPanelStart>;

/** What a page kept, or is to keep; the kernel looks closer at the image. */
export const inspectorSubjectSchema = z.custom<InspectorSubject>((value: unknown) => {
  if (typeof value !== 'object' || value === null) return false;
  const { image, adapters, folder } = value as Record<string, unknown>;
  return typeof image === 'object' && image !== null && typeof adapters === 'string' && typeof folder === 'string';
}, 'is nothing to look into');

/** To the inspector's page, besides the kernel's answers. */
export const inspectorPanelSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('panel/show'), output: inspectorOutputSchema, subject: inspectorSubjectSchema }),
  z.object({ type: z.literal('panel/failed'), message: z.string(), subject: inspectorSubjectSchema }),
]);
