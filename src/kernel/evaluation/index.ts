export { dice, iou } from './overlap';
export { summary, type Summary } from './summary';
