import fs from 'node:fs';
import path from 'node:path';
import type { RunEvent } from '../../../protocol';
import { readEvents } from '../runEvents';
import { scalarRecord, sessionStartRecord, versionRecord } from './encode';

/** TensorBoard takes files with `tfevents` in their names, in the order of these names. */
const prefix = 'events.out.tfevents.';

/**
 * The scalars of a run for TensorBoard, in `tb/`: what events.jsonl holds, in another form. Whoever goes on with a run
 * writes its file anew from the log, so that nothing has to be taken back of a binary file after a kill.
 */
export class TensorBoardLog {
  private file: string | null = null;
  private readonly folder: string;

  /** `run`: the run's folder. */
  constructor(private readonly run: string) {
    this.folder = path.join(run, 'tb');
  }

  /** Adds an event that events.jsonl holds already. */
  append(event: RunEvent): void {
    if (this.file === null) this.file = this.begin(event.time);
    else for (const bytes of recordsOf(event)) fs.appendFileSync(this.file, bytes);
  }

  /** Writes all that the log holds into a new file. @returns its path. */
  private begin(time: number): string {
    fs.mkdirSync(this.folder, { recursive: true });
    const before = fs.readdirSync(this.folder).filter((name) => name.startsWith(prefix));
    // Names sort by time, to the second; a clock may have been set back.
    const seconds = Math.max(
      Math.floor(time / 1000),
      ...before.map((name) => (parseInt(name.slice(prefix.length)) || 0) + 1),
    );
    const file = path.join(this.folder, `${prefix}${String(seconds).padStart(10, '0')}.med-sa`);
    const events = readEvents(this.run);
    const records = [versionRecord(events[0]?.time ?? time), sessionStartRecord(time, 0), ...events.flatMap(recordsOf)];
    const temporary = path.join(this.folder, 'unfinished.tmp');
    fs.writeFileSync(temporary, Buffer.concat(records));
    fs.renameSync(temporary, file);
    for (const name of before) removeIfFree(path.join(this.folder, name));
    return file;
  }
}

/** Windows keeps a file that TensorBoard reads; its reader forgets what is in it at the new file's start. */
function removeIfFree(file: string): void {
  try {
    fs.rmSync(file, { force: true });
  } catch {
    // read by somebody
  }
}

/** What TensorBoard shows of an event. */
function recordsOf(event: RunEvent): Uint8Array[] {
  const scalars = scalarsOf(event);
  return scalars === null ? [] : [scalarRecord(event.time, scalars.step, scalars.values)];
}

function scalarsOf(event: RunEvent): { readonly step: number; readonly values: Record<string, number> } | null {
  if (event.type === 'step') {
    const { step, epoch, loss, parts = {}, gradientNorm, learningRate, imagesPerSecond, memoryMB } = event;
    const values = {
      'train/loss': loss,
      ...Object.fromEntries(Object.entries(parts).map(([part, amount]) => [`train/loss_${part}`, amount])),
      'train/gradient_norm': gradientNorm,
      'train/learning_rate': learningRate,
      'train/epoch': epoch,
      'train/images_per_second': imagesPerSecond,
      'train/memory_mb': memoryMB,
    };
    return { step, values: known(values) };
  }
  if (event.type !== 'validation') return null;
  const values: Record<string, number> = {};
  for (const [setting, { dice, iou, classes = {} }] of Object.entries(event.metrics)) {
    Object.assign(values, { [`validation/${setting}/dice`]: dice, [`validation/${setting}/iou`]: iou });
    for (const [name, own] of Object.entries(classes)) {
      values[`validation/${setting}/${name}/dice`] = own.dice;
      values[`validation/${setting}/${name}/iou`] = own.iou;
    }
  }
  return { step: event.step, values };
}

/** Without what a log of version 0.1 does not hold. */
const known = (values: Record<string, number | undefined>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined));
