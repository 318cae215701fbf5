import type { CellOutput } from '../../../protocol';
import { UserError } from '../../errors';
import type { NotebookApi, NotebookRun } from '../api';
import { openImage } from './images';
import type { KernelCalls } from './kernelCalls';
import { representations } from './outputs';
import { fineTune, watchRun } from './runs';

/** The cell API of one notebook. `emit` appends to the running cell's output. */
export function notebookApi(kernel: KernelCalls, emit: (output: CellOutput) => void): NotebookApi {
  return {
    open: (path, options = {}) => openImage(kernel, path, options),
    finetune: (options) => fineTune(kernel, options, emit),
    watch: (run) => watchRun(kernel, run, emit),
    useAdapters: (adapters) => kernel.call('adapters/use', { file: adaptersFile(adapters) }),
    evaluate: ({ adapters, ...options }) =>
      kernel.call('evaluate', adapters === undefined ? options : { ...options, adapters: adaptersFile(adapters) }),
    phantoms: (options) => kernel.call('phantoms', options),
    display: async (value) => {
      const shown = representations(value);
      // A value that is ready is shown before the next statement prints, also where nobody awaits the display.
      const items = Array.isArray(shown) ? shown : await shown;
      emit({ kind: 'display', displayId: null, replace: false, items });
    },
  };
}

function adaptersFile(adapters: string | NotebookRun | null): string | null {
  if (adapters === null || typeof adapters === 'string') return adapters;
  if (adapters?.best) return adapters.best;
  throw new UserError('this run has no best adapters yet: let it finish an epoch, or resume it');
}
