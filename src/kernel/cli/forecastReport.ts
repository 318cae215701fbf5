import type { RunForecast } from '../../protocol';
import { gigabytes } from '../bytes';
import { durationText } from './duration';

/** What a run would take, for people. */
export function forecastLines(forecast: RunForecast): string[] {
  const { data, layout, classes, cases, examples, model, parameters, device, memory, seconds } = forecast;
  const about = examples.exact ? '' : 'about ';
  const free = memory.available === null ? '' : ` of ${gigabytes(memory.available)} that are free`;
  const instead = Object.entries(memory.instead ?? {}).flatMap(([name, value]) =>
    value ? [`--${name} ${value}`] : [],
  );
  return [
    `${data}: layout ${layout}, ${cases.train} cases to train on and ${cases.validation} to validate on, ${about}${examples.count} examples an epoch`,
    `classes: ${classes.join(', ')}`,
    `${model}: ${parameters} parameters learn, on ${device}`,
    `a step takes about ${gigabytes(memory.step)} of memory${free}`,
    ...(seconds === null
      ? [
          `that does not fit: ${instead.length > 0 ? `it would with ${instead.join(' ')}` : 'take a smaller model or image size'}`,
        ]
      : [
          ...(seconds.preparation > 0 ? [`embeddings: ${durationText(seconds.preparation)}, once`] : []),
          `a step takes ${seconds.step.toPrecision(2)} s, an epoch ${durationText(seconds.epoch)}`,
          seconds.validation === null
            ? 'validations of volumes come to that'
            : `a validation takes ${durationText(seconds.validation)}`,
        ]),
  ];
}
