import { attachmentShapes } from '../medsa/attachment';
import { initialAdapters, type NormalSource } from '../medsa/initialise';
import type { AttachmentOptions } from '../medsa/options';
import type { TensorData } from '../graph';
import { trainsOfBase, type Tune } from '../inference/adapterFile';
import type { SamConfig } from '../sam/config';
import { samShapes } from '../sam/shapes';
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

/** Divides a base model's tensors for `tune` (med-sa.md, section 6, "Optimiser"). */
export function trainableOf(
  tune: Tune,
  config: SamConfig,
  tensors: ReadonlyMap<string, TensorData>,
  random: NormalSource,
  choices: AttachmentChoices = attachmentDefaults,
): Trainable {
  const adapters = attachmentOf(tune, config, choices);
  if (adapters !== null) {
    const shapes = attachmentShapes(config, adapters);
    return { adapters, layout: new ParameterLayout(shapes), initial: initialAdapters(shapes, random), frozen: tensors };
  }
  const trains = (name: string): boolean => trainsOfBase(tune, name);
  const shapes = new Map([...samShapes(config)].filter(([name]) => trains(name)));
  return {
    adapters,
    layout: new ParameterLayout(shapes),
    initial: new Map([...tensors].filter(([name]) => trains(name))),
    frozen: new Map([...tensors].filter(([name]) => !trains(name))),
  };
}
