import { z } from 'zod';
import { readSafetensors, writeSafetensors } from '../checkpoints';
import { UserError } from '../errors';
import { requireKnownVersion } from '../formatVersion';
import { tensorData } from '../graph';
import { parseEntry } from '../inference/metadata';

/** Everything a run continues from; the rest follows from the seed and the position. */
export interface TrainingState {
  /** Flat vectors [P]. */
  parameters: Float32Array;
  firstMoment: Float32Array;
  secondMoment: Float32Array;
  /** Optimiser steps done. */
  step: number;
  /** The next batch: epoch from 1, batch from 0. */
  epoch: number;
  batch: number;
  bestDice: number | null;
  /** Epochs since it was reached. */
  sinceBest: number;
}

/** The `position` entry of a state's metadata. */
const positionSchema = z.object({
  step: z.number().int().nonnegative(),
  epoch: z.number().int().positive(),
  batch: z.number().int().nonnegative(),
  bestDice: z.number().nullable(),
  /** Not counted before version 0.2. */
  sinceBest: z.number().int().nonnegative().default(0),
  eventBytes: z.number().int().nonnegative(),
});

const format = 'med-sa-training-state';
export const stateFormat = 1;

/** Flat moments and parameters of a run that has not begun. */
export const freshState = (parameters: Float32Array): TrainingState => ({
  parameters,
  firstMoment: new Float32Array(parameters.length),
  secondMoment: new Float32Array(parameters.length),
  step: 0,
  epoch: 1,
  batch: 0,
  bestDice: null,
  sinceBest: 0,
});

/** Writes the state atomically, with the length of the event log that belongs to it. */
export async function writeState(file: string, state: TrainingState, eventBytes: number): Promise<void> {
  const flat = (data: Float32Array) => tensorData([data.length], data);
  const { step, epoch, batch, bestDice, sinceBest } = state;
  const position = JSON.stringify({ step, epoch, batch, bestDice, sinceBest, eventBytes });
  await writeSafetensors(
    file,
    new Map([
      ['parameters', flat(state.parameters)],
      ['first_moment', flat(state.firstMoment)],
      ['second_moment', flat(state.secondMoment)],
    ]),
    { format, version: String(stateFormat), position },
  );
}

/** @throws UserError when the file is missing, damaged, newer than this version or of another model's size. */
export async function readState(file: string, size: number): Promise<{ state: TrainingState; eventBytes: number }> {
  const { tensors, metadata } = await readSafetensors(file);
  if (metadata.format !== format)
    throw new UserError(`${file} is no training state: the run cannot be resumed`, { file });
  requireKnownVersion(file, metadata.version, stateFormat, 'resume');
  const vectors = ['parameters', 'first_moment', 'second_moment'].map((name) => tensors.get(name)?.data);
  if (vectors.some((data) => data?.length !== size)) {
    throw new UserError(`${file} holds other parameters than this run's model: the run cannot be resumed`, { file });
  }
  const [parameters, firstMoment, secondMoment] = vectors as Float32Array[];
  const parsed = positionSchema.safeParse(parseEntry(metadata.position));
  if (!parsed.success) throw new UserError(`${file}: its metadata are damaged; the run cannot be resumed`, { file });
  const { eventBytes, ...position } = parsed.data;
  return { state: { parameters, firstMoment, secondMoment, ...position }, eventBytes };
}
