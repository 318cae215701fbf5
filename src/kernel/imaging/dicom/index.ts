export { readDicomFile } from './readDicom';
export { findSeries, readDicomSeries, type Series } from './series';
export { readRtStruct, readRtStructNames } from './rtStruct';
export { readDicomSegmentation, readDicomSegmentNames } from './segmentation';
export type { MaskOptions, Masks } from './masks';
export { writeDicomSegmentation } from './writeSegmentation';
export { writeDicomSeries } from './writeSeries';
