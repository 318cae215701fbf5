import type { FineTuneChoices } from '../../protocol';
import { UserError } from '../errors';

/** The words of the command line for a value that was given. @throws UserError where there are none for it */
type Words = (value: unknown, name: string) => string[];

const value =
  (option: string): Words =>
  (given) => [`--${option}`, String(given)];

const list =
  (option: string): Words =>
  (given, name) => {
    if (!Array.isArray(given)) throw new UserError(`${name} wants a list, e.g. ["liver"]`);
    return [`--${option}`, given.join(',')];
  };

/** A flag that stands for one of true and false; the other is what happens without it. */
const flag =
  (option: string, meaning: boolean): Words =>
  (given, name) => {
    if (typeof given !== 'boolean') throw new UserError(`${name} is true or false, not ${String(given)}`);
    return given === meaning ? [`--${option}`] : [];
  };

const fold: Words = (given, name) => {
  const { fold, folds } = given as Partial<NonNullable<FineTuneChoices['fold']>>;
  if (fold === undefined || folds === undefined) throw new UserError(`${name} is written as { fold: 0, folds: 5 }`);
  return ['--fold', `${fold}/${folds}`];
};

/** How `med-sa train` is told of each choice; which values fit it says itself. */
const words: { readonly [Name in keyof FineTuneChoices]-?: Words } = {
  model: value('model'),
  tune: value('tune'),
  layout: value('layout'),
  classes: list('classes'),
  valData: value('val-data'),
  valFraction: value('val-fraction'),
  fold,
  splitSeed: value('split-seed'),
  variant: value('variant'),
  depth: value('depth'),
  slices: value('slices'),
  prompt: value('prompt'),
  bottleneck: value('bottleneck'),
  decoderBottleneck: value('decoder-bottleneck'),
  scale: value('scale'),
  withDecoder: flag('with-decoder', true),
  rank: value('rank'),
  alpha: value('alpha'),
  loraDecoder: flag('lora-decoder', true),
  epochs: value('epochs'),
  batch: value('batch'),
  imageSize: value('image-size'),
  promptSetting: value('prompt-setting'),
  augment: flag('no-augment', false),
  flip: flag('no-flip', false),
  loss: value('loss'),
  learningRate: value('lr'),
  schedule: value('schedule'),
  warmup: value('warmup'),
  clip: value('clip'),
  patience: value('patience'),
  validateEvery: value('validate-every'),
  checkpointSeconds: value('checkpoint-seconds'),
  seed: value('seed'),
  recompute: value('recompute'),
  accumulate: value('accumulate'),
  device: value('device'),
};

const isChoice = (name: string): name is keyof FineTuneChoices => Object.hasOwn(words, name);

/**
 * The choices of a fine-tune as arguments of `med-sa train`; null and undefined leave one to its default.
 * @throws UserError for a name that is no choice, which would otherwise be lost without a word
 */
export function trainArguments(choices: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(choices).flatMap(([name, given]) => {
    if (!isChoice(name)) throw new UserError(`fineTune takes no ${name}: it takes ${Object.keys(words).join(', ')}`);
    return given === undefined || given === null ? [] : words[name](given, name);
  });
}
