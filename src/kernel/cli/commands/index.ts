import type { CommandEntry } from '../program';

/** Loaded when called: `med-sa --help` needs no image decoder. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'segment',
    summary: 'Segment an image from points or a box',
    load: async () => (await import('./segment')).segment,
  },
  {
    name: 'data',
    summary: 'Tell what a data set holds, and what is wrong with it',
    load: async () => (await import('./data')).data,
  },
  {
    name: 'train',
    summary: 'Fine-tune the model on a data set; the result is a run directory',
    load: async () => (await import('./train')).train,
  },
  {
    name: 'resume',
    summary: 'Go on with a run that was stopped or killed',
    load: async () => (await import('./resume')).resume,
  },
  {
    name: 'runs',
    summary: 'List runs with what became of them, or stop one',
    load: async () => (await import('./runs')).runs,
  },
  {
    name: 'evaluate',
    summary: 'Measure Dice, IoU and HD95 against the masks of a data set',
    load: async () => (await import('./evaluate')).evaluate,
  },
  {
    name: 'compare',
    summary: 'Train and measure the methods that the paper compares; the result is its table',
    load: async () => (await import('./compare')).compareMethods,
  },
  {
    name: 'export',
    summary: 'Write the model for other programs: as ONNX, or its adapters for PyTorch',
    load: async () => (await import('./export')).exportModel,
  },
  {
    name: 'doctor',
    summary: 'Check this installation and its devices, or that a device computes right',
    load: async () => (await import('./doctor')).doctor,
  },
  {
    name: 'models',
    summary: 'List the models that are known and here, get, add or remove one',
    load: async () => (await import('./models')).models,
  },
  {
    name: 'gpu',
    summary: 'Install, remove or show what computing on NVIDIA GPUs needs',
    load: async () => (await import('./gpu')).gpu,
  },
  {
    name: 'phantoms',
    summary: 'Draw a data set of images with exact masks',
    load: async () => (await import('./phantoms')).phantoms,
  },
];
