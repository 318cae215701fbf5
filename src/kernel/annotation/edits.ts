// What a person does to a session, as the timeline applies it and the journal keeps it.
import { z } from 'zod';
import type { AnnotationObject, MaskPatch, Prompt } from '../../protocol';
import { maskPatchSchema, objectSchema, promptSchema } from '../../protocol/viewerSchemas';

const id = z.string().min(1).max(200);
const slice = z.number().int().nonnegative();
const patch = maskPatchSchema.nullable();
const line = z.array(z.tuple([z.number(), z.number()]));
const where = { object: id, slice };

/** A mask that was a prompt stays what it was when it was given. */
const keptPromptSchema = z.object({ prompt: promptSchema, patch: patch.optional() });

/** Steps of undo. */
export const editSchema = z.discriminatedUnion('edit', [
  z.object({ edit: z.literal('object/add'), object: objectSchema }),
  z.object({ edit: z.literal('object/remove'), object: id }),
  z.object({
    edit: z.literal('object/change'),
    object: id,
    properties: objectSchema.pick({ label: true, colour: true, value: true }).partial(),
  }),
  z.object({ edit: z.literal('prompt/add'), ...where, id, ...keptPromptSchema.shape }),
  z.object({ edit: z.literal('prompt/move'), ...where, id, ...keptPromptSchema.shape }),
  z.object({ edit: z.literal('prompt/remove'), ...where, id }),
  z.object({ edit: z.literal('choose'), ...where, candidate: slice }),
  z.object({ edit: z.literal('stroke'), ...where, erase: z.boolean(), points: line, radius: z.number() }),
  /** The slices that had a mask then. */
  z.object({ edit: z.literal('clean'), how: z.enum(['fill', 'largest']), object: id, slices: z.array(slice) }),
  z.object({ edit: z.literal('clear'), object: id.nullable(), slice: slice.nullable() }),
  /** Masks that nothing else in the journal gives: those of a propagation. */
  z.object({ edit: z.literal('masks'), object: id, masks: z.array(z.tuple([slice, patch])) }),
]);

/** What is kept, but is no step of undo. */
export const remarkSchema = z.discriminatedUnion('edit', [
  z.object({ edit: z.literal('select'), object: id }),
  z.object({ edit: z.literal('show'), object: id, visible: z.boolean() }),
]);

/** A model's answer, so that nobody has to ask it again for what has been shown: to these prompts, in their order. */
export const answerSchema = z.object({
  edit: z.literal('answer'),
  ...where,
  /** `digest` of the prompts and of what lay under them. */
  asked: z.string(),
  /** Of the model that answered. */
  model: z.string(),
  candidates: z.array(z.object({ mask: patch, iou: z.number(), area: slice })).min(1),
});

export const eventSchema = z.union([
  editSchema,
  remarkSchema,
  z.object({ edit: z.literal('undo') }),
  z.object({ edit: z.literal('redo') }),
  answerSchema,
]);

export type Edit = z.infer<typeof editSchema>;
export type Remark = z.infer<typeof remarkSchema>;
export type AnswerRecord = z.infer<typeof answerSchema>;
export type SessionEvent = z.infer<typeof eventSchema>;
/** Events that change what a session holds. */
export type TimelineEvent = Exclude<SessionEvent, AnswerRecord>;

/** A prompt as the session keeps it. Objects of this type are never changed: equal ones are the same one. */
export interface KeptPrompt {
  readonly id: string;
  readonly prompt: Prompt;
  /** Of a mask prompt: the mask. */
  readonly patch?: MaskPatch | null;
}

const colours = ['#ff4040', '#2fb5ff', '#ffc629', '#3ddc84', '#c77dff', '#ff8c3b', '#00d5c8', '#ff6fb5'];

/** What a new object is called and drawn with, beside those that are there. */
export function newObject(id: string, others: readonly AnnotationObject[]): AnnotationObject {
  const value = others.reduce((highest, object) => Math.max(highest, object.value), 0) + 1;
  const taken = new Set(others.map(({ colour }) => colour));
  const colour = colours.find((one) => !taken.has(one)) ?? colours[(value - 1) % colours.length];
  return { id, label: `object ${value}`, colour, visible: true, value: Math.min(value, 65_535) };
}

export const firstObject: AnnotationObject = newObject('object-1', []);

/** For tooltips: what an undo takes back. */
export function editName(edit: Edit): string {
  switch (edit.edit) {
    case 'object/add':
      return `new object ${edit.object.label}`;
    case 'object/remove':
      return 'removal of an object';
    case 'object/change':
      return 'change of an object';
    case 'prompt/add':
      return edit.prompt.kind;
    case 'prompt/move':
      return `move of a ${edit.prompt.kind}`;
    case 'prompt/remove':
      return 'removal of a prompt';
    case 'choose':
      return 'choice of a mask';
    case 'stroke':
      return edit.erase ? 'eraser' : 'brush';
    case 'clean':
      return edit.how === 'fill' ? 'filled holes' : 'largest component';
    case 'clear':
      return 'clear';
    case 'masks':
      return 'propagation';
  }
}
