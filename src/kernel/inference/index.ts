export { adapterName, readAdapters, tuneNames, writeAdapters, type AdapterFile, type Tune } from './adapterFile';
export { embeddedModel, readModel, type ModelFile } from './modelFile';
export { composeModel, openPredictor, type OpenOptions } from './open';
export { SamPredictor } from './predictor';
export type * from './types';
export { predictSlice, predictVolume, type SliceAnswer, type VolumeOptions, type VolumeSegmentation } from './volume';
