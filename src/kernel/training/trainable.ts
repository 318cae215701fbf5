import { attachmentShapes } from '../medsa/attachment';
import { initialAdapters, type NormalSource } from '../medsa/initialise';
import type { AttachmentOptions } from '../medsa/options';
import type { TensorData } from '../graph';
import { trainsOfBase, type Tune } from '../inference/adapterFile';
import type { SamConfig } from '../sam/config';
import { samShapes, type ShapeTable } from '../sam/shapes';
import { attachmentDefaults, attachmentOf, type AttachmentChoices } from './attachment';
import { ParameterLayout } from './parameters';

/** What trains and what does not. */
export interface Trainable {
  /** null: nothing is attached (`full`, `decoder`). */
  readonly adapters: AttachmentOptions | null;
  readonly layout: ParameterLayout;
  /** Parameters before the first step, by name. */
  readonly initial: ReadonlyMap<string, TensorData>;
  readonly frozen: ReadonlyMap<string, TensorData>;
}

/** Name and shape of every tensor that a run of `tune` trains: what it attaches, or tensors of the base. */
export function trainableShapes(
  tune: Tune,
  config: SamConfig,
  choices: AttachmentChoices = attachmentDefaults,
): ShapeTable {
  const attached = attachmentOf(tune, config, choices);
  return new Map([
    ...(attached === null ? [] : attachmentShapes(config, attached)),
    ...[...samShapes(config)].filter(([name]) => trainsOfBase(tune, name, choices.withDecoder)),
  ]);
}

/** Divides a base model's tensors for `tune` (med-sa.md, section 6, "Optimiser"). */
export function trainableOf(
  tune: Tune,
  config: SamConfig,
  tensors: ReadonlyMap<string, TensorData>,
  random: NormalSource,
  choices: AttachmentChoices = attachmentDefaults,
): Trainable {
  const adapters = attachmentOf(tune, config, choices);
  const shapes = trainableShapes(tune, config, choices);
  const layout = new ParameterLayout(shapes);
  const attached = new Map([...shapes].filter(([name]) => !tensors.has(name)));
  const split = (trains: boolean) => new Map([...tensors].filter(([name]) => shapes.has(name) === trains));
  const initial = new Map([...initialAdapters(attached, random), ...split(true)]);
  return { adapters, layout, initial, frozen: split(false) };
}
