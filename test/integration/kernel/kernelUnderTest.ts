// The kernel as main.ts wires it, with the flood fill in place of the model.
import { existsSync } from 'node:fs';
import { UserError } from '../../../src/kernel/errors';
import { serveParent } from '../../../src/kernel/parentChannel';
import { FloodFillPredictor } from '../../unit/annotation/floodFillPredictor';

// NO_MODEL: while this file is there, nothing can be asked.
const { CELL_ENTRY = '', CLI = '', NO_MODEL = '' } = process.env;

serveParent({
  createPredictor: async (adapters) => {
    if (NO_MODEL !== '' && existsSync(NO_MODEL)) throw new UserError('there is no model');
    return new FloodFillPredictor(adapters);
  },
  cellEntry: () => CELL_ENTRY,
  cli: () => CLI,
});
