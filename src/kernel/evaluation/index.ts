export { regionOf, type Region, type Spacing } from './region';
export { dice, iou } from './overlap';
export { hd95, surfaceDistances } from './surfaceDistance';
export { summary, type Summary } from './summary';
