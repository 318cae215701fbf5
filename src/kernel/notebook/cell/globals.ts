import type { CellOutput } from '../../../protocol';
import type { NotebookApi, NotebookImage } from '../api';
import { adaptersFile } from './adaptersFile';
import { openImage } from './images';
import type { KernelCalls } from './kernelCalls';
import { representations } from './outputs';
import { fineTune, watchRun } from './runs';

/** The cell API of one notebook. `emit` appends to the running cell's output. */
export function notebookApi(kernel: KernelCalls, emit: (output: CellOutput) => void): NotebookApi {
  const opened = (image: NotebookImage | string) => (typeof image === 'string' ? openImage(kernel, image, {}) : image);
  return {
    open: (path, options = {}) => openImage(kernel, path, options),
    segment: async (image, options) => (await opened(image)).segment(options),
    label: async (image, label, options) => (await opened(image)).label(label, options),
    propagate: async (image, label, options) => (await opened(image)).propagate(label, options),
    save: async (what, file, options) => {
      const files = await what.save(file, options);
      return typeof files === 'string' ? [files] : files;
    },
    fineTune: (options) => fineTune(kernel, options, emit),
    finetune: (options) => fineTune(kernel, options, emit),
    watch: (run) => watchRun(kernel, run, emit),
    useAdapters: (adapters) => kernel.call('adapters/use', { file: adaptersFile(adapters) }),
    inspect: async (image, options) => (await opened(image)).inspect(options),
    evaluate: ({ adapters, ...options }) =>
      kernel.call('evaluate', adapters === undefined ? options : { ...options, adapters: adaptersFile(adapters) }),
    phantoms: (options) => kernel.call('phantoms', options),
    models: () => kernel.call('models', null),
    runs: (folder) => kernel.call('runs', { folder }),
    display: async (value) => {
      const shown = representations(value);
      // A value that is ready is shown before the next statement prints, also where nobody awaits the display.
      const items = Array.isArray(shown) ? shown : await shown;
      emit({ kind: 'display', displayId: null, replace: false, items });
    },
  };
}
