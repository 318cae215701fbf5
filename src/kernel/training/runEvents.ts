import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { RunEvent } from '../../protocol';

/** The log of events in a run's folder. */
export const eventsFile = 'events.jsonl';

const number = z.number();
const count = z.number().int().nonnegative();
const scores = z.object({ dice: number, iou: number });

const eventSchema: z.ZodType<RunEvent> = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('start'),
    time: number,
    epochs: count,
    stepsPerEpoch: count,
    samples: z.object({ train: count, validation: count }),
    device: z.string(),
    resumedFrom: count.nullable(),
  }),
  z.object({
    type: z.literal('step'),
    time: number,
    step: count,
    epoch: count,
    loss: number,
    parts: z.record(z.string(), number).optional(),
    gradientNorm: number.optional(),
    learningRate: number,
    imagesPerSecond: number,
    memoryMB: number.optional(),
    progress: number.optional(),
  }),
  z.object({
    type: z.literal('validation'),
    time: number,
    step: count,
    epoch: count,
    metrics: z.record(
      z.string(),
      scores.extend({ classes: z.record(z.string(), scores.extend({ n: count })).optional() }),
    ),
  }),
  z.object({
    type: z.literal('checkpoint'),
    time: number,
    step: count,
    epoch: count,
    file: z.string(),
    best: z.boolean(),
    sinceBest: count.optional(),
  }),
  z.object({
    type: z.literal('end'),
    time: number,
    status: z.enum(['done', 'stopped', 'failed']),
    message: z.string().nullable(),
    early: z.boolean().optional(),
  }),
]);

/** The event of a line; null for what is no event that this version knows: a newer one may write more kinds. */
export function eventOf(line: string): RunEvent | null {
  try {
    return eventSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

/** All events of a run so far; none where there is no log. A last line that was cut short is left out. */
export function readEvents(run: string): RunEvent[] {
  const file = path.join(run, eventsFile);
  const log = fs.statSync(file, { throwIfNoEntry: false })?.isFile() ? fs.readFileSync(file, 'utf8') : '';
  return log
    .slice(0, log.lastIndexOf('\n') + 1)
    .split('\n')
    .map(eventOf)
    .filter((event) => event !== null);
}
