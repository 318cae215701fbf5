// Journals of the first version, which knew one object, points and boxes: read for ever, never written.
import { z } from 'zod';
import { promptV1Schema } from '../../protocol/viewerSchemas';
import { firstObject, type TimelineEvent } from './edits';

const slice = z.number().int().nonnegative();

export const headerV1Schema = z.object({
  version: z.literal(1),
  image: z.string().min(1),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  slices: z.number().int().positive(),
});

export const lineV1Schema = z.discriminatedUnion('edit', [
  z.object({ edit: z.literal('prompt'), slice, prompt: promptV1Schema }),
  z.object({ edit: z.literal('clear'), slice }),
  z.object({ edit: z.literal('undo') }),
  z.object({ edit: z.literal('redo') }),
]);

export type JournalHeaderV1 = z.infer<typeof headerV1Schema>;

/** The same edits as they are said now; a prompt is named by its line. */
export function eventsOfVersion1(lines: readonly z.infer<typeof lineV1Schema>[]): TimelineEvent[] {
  const object = firstObject.id;
  return lines.map((line, index): TimelineEvent => {
    if (line.edit === 'prompt') {
      return { edit: 'prompt/add', object, slice: line.slice, id: `line-${index + 2}`, prompt: line.prompt };
    }
    return line.edit === 'clear' ? { edit: 'clear', object, slice: line.slice } : line;
  });
}
