import { UserError } from '../../errors';
import type { NotebookRun } from '../api';

/** The file that a cell means by adapters: its own name, or the best one of a run. @throws UserError where a run has none */
export function adaptersFile(adapters: string | NotebookRun | null): string | null {
  if (adapters === null || typeof adapters === 'string') return adapters;
  if (adapters?.best) return adapters.best;
  throw new UserError('this run has no best adapters yet: let it finish an epoch, or resume it');
}
