export * from './types';
export { Random, type RandomState } from './random';
export { openDataset, type OpenOptions } from './open';
export { caseSlice } from './caseImage';
export { classSlices, isPicture, loadCase, samplesOf, type SamplesOptions } from './cases';
export { describeDataset, inspectDataset, type ClassDescription, type DatasetDescription } from './describe';
export { loadAll, loadSample, type LoadedSamples, type LoadOptions } from './load';
export { describeSplit, splitCases, type Split, type SplitChoice, type SplitDescription } from './split';
export {
  firstPrompt,
  negativePrompt,
  nextClick,
  promptsFor,
  type Click,
  type ClickPlacement,
} from './promptSimulation';
