// The kernel as main.ts wires it, with the flood fill in place of the model.
import { serveParent } from '../../../src/kernel/parentChannel';
import { FloodFillPredictor } from '../../unit/annotation/floodFillPredictor';

const { CELL_ENTRY = '', CLI = '' } = process.env;

serveParent({
  createPredictor: async (adapters) => new FloodFillPredictor(adapters),
  cellEntry: () => CELL_ENTRY,
  cli: () => CLI,
});
