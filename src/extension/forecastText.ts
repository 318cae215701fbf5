import type { RunForecast } from '../protocol';
import type { Translate } from './l10n';
import { countText, durationText, sizeText } from './views/figures';

/** The line before a run starts: its memory, its time, where it computes. */
export function forecastLine({ memory, seconds, device }: RunForecast, epochs: number, t: Translate): string {
  return [memoryText(memory, t), ...(seconds === null ? [] : timeTexts(seconds, epochs, t)), t('on {0}', device)].join(
    ' · ',
  );
}

function memoryText({ step, available }: RunForecast['memory'], t: Translate): string {
  return available === null
    ? t('about {0} of memory', sizeText(step))
    : t('about {0} of {1} memory', sizeText(step), sizeText(available));
}

function timeTexts(
  { epoch, validation, preparation }: NonNullable<RunForecast['seconds']>,
  epochs: number,
  t: Translate,
): string[] {
  const each = epoch + (validation ?? 0);
  const total = preparation + epochs * each;
  const perEpoch = t('{0} per epoch', durationText(each, t));
  return validation === null
    ? [perEpoch, t('{0} in all, without validations', durationText(total, t))]
    : [perEpoch, t('{0} in all', durationText(total, t))];
}

/** What it learns from. */
export function learningLine({ cases, examples, classes }: RunForecast, t: Translate): string {
  const count = examples.exact ? String(examples.count) : `≈ ${examples.count}`;
  const split = t('{0} cases ({1} examples), {2} more to validate on', cases.train, count, cases.validation);
  return `${split} · ${shortList(classes)}`;
}

export const learnerLine = ({ parameters, model }: RunForecast, t: Translate): string =>
  t('{0} parameters, taught to {1}', countText(parameters), model);

export const shortList = (names: readonly string[]): string =>
  names.length > 6 ? `${names.slice(0, 5).join(', ')} … (${names.length})` : names.join(', ');

/** Settings that take less memory, in the words of a person. */
export function thriftText({ recompute, accumulate }: NonNullable<RunForecast['memory']['instead']>, t: Translate) {
  return [
    ...(recompute === 'blocks' ? [t('compute encoder blocks again instead of keeping them (slower)')] : []),
    ...(accumulate !== undefined && accumulate > 1 ? [t('pass each batch in {0} parts', accumulate)] : []),
  ].join(', ');
}
