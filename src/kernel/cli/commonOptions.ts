import path from 'node:path';
import { embeddedModel } from '../inference';
import { isModelPath } from '../inference/modelFile';
import { layoutNames } from '../datasets/types';
import { choice, required, text, type SingleOption } from './options';

/** Paths of the command line start where it was called; what is written down of them must hold elsewhere too. */
const inPlace = (option: SingleOption<string> & { readonly required: false }) => ({
  ...option,
  parse: (given: string) => path.resolve(option.parse(given)),
});

export const folder = (description: string) => inPlace(text('DIR', description));

export const file = (description: string) => inPlace(text('FILE', description));

const nameOrFile = text(
  'NAME|FILE',
  `A model that is here (see med-sa models), or a SAM checkpoint .safetensors, .pth or .bin (default ${embeddedModel})`,
);

export const model = {
  ...nameOrFile,
  parse: (given: string): string => (isModelPath(given) ? path.resolve(given) : nameOrFile.parse(given)),
};

export const adapters = file(
  'What a fine-tune made (RUN/checkpoints/best.safetensors), or released adapters of Med-SA’s authors',
);

export const data = required(
  folder('Folder of images with masks, as pairs.csv lists them or of a known layout (docs/data.md)'),
);

export const layout = choice(['auto', ...layoutNames], 'How the folder is laid out (default auto)');

const classList = text(
  'NAME[=VALUE],…',
  'Only these classes; with values of label maps, as liver=1,tumour=2 or whole=1+2+4',
);

export const classes = { ...classList, parse: (given: string): string[] => classList.parse(given).split(',') };
