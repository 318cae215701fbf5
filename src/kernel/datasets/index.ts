export * from './types';
export { Random, type RandomState } from './random';
export { openDataset, type OpenOptions } from './open';
export { loadAll, loadSample, type LoadedSample, type LoadedSamples, type LoadOptions } from './load';
export { splitByGroup, type Split } from './split';
export { firstPrompt, negativePrompt, nextClick, promptsFor, type Click, type ClickPlacement } from './promptSimulation';
