export { regionOf, type Region, type Spacing } from './region';
export { dice, iou } from './overlap';
export { hd95, surfaceDistances } from './surfaceDistance';
export { summary, type Summary } from './summary';
export { bootstrapInterval, defaultResamples, meanOverClasses, type Observation } from './bootstrap';
export {
  estimate,
  scoreRegion,
  summarise,
  type DistanceUnit,
  type Estimate,
  type RegionScore,
  type Score,
  type ScoreSummary,
  type SettingSummary,
} from './scores';
export { compareMetric, metricNames, type ComparedMetric, type MetricName, type SeedScores } from './comparison';
export { csvLine, scoresCsv } from './csv';
