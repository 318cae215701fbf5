import path from 'node:path';
import type { KernelStatus } from '../../protocol';
import type { AnnotationStore, ImageLibrary, Models } from '../annotation';
import { UserError } from '../errors';
import { encodeMaskPng, writeMask } from '../imaging';
import type { NotebookModel } from './api';
import type { ApiCalls, ApiMethod } from './calls';
import { runCommand } from './command';
import { imageHandlers } from './imageHandlers';
import type { Inspections } from './inspections';
import { inspectHandlers } from './inspectHandlers';
import type { CommandDefaults, Runs } from './runs';

/** Where a call comes from. */
export interface CallContext {
  readonly notebook: string;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly progress: (value: unknown) => void;
}

export interface ApiServices {
  readonly store: AnnotationStore;
  readonly images: ImageLibrary;
  readonly models: Models;
  readonly runs: Runs;
  readonly inspections: Inspections;
  readonly cli: () => string;
  readonly defaults: CommandDefaults;
  /** Adapters in use in a notebook: an absolute path; null for the frozen model. */
  readonly adaptersOf: (notebook: string) => string | null;
  readonly useAdapters: (notebook: string, file: string | null) => Promise<KernelStatus>;
}

export type ApiHandlers<M extends ApiMethod = ApiMethod> = {
  readonly [N in M]: (params: ApiCalls[N][0], context: CallContext) => Promise<ApiCalls[N][1]>;
};

/** What the kernel does for cells: one function per call of the cell API. */
export function apiHandlers(services: ApiServices): ApiHandlers {
  const { runs, cli, defaults } = services;

  const command = async (name: string, options: CommandLineOptions, context: CallContext): Promise<string> => {
    const { folder, signal, progress } = context;
    return runCommand({ cli: cli(), arguments: [name, ...commandLine(options)], folder, signal, progress });
  };

  return {
    ...imageHandlers(services),
    ...inspectHandlers(services),

    'mask/save': async ({ file, ...mask }, { folder }) => {
      const target = path.resolve(folder, file);
      await writeMask(target, mask);
      return target;
    },

    'mask/picture': async (mask) => (await encodeMaskPng(mask)).toString('base64'),

    'adapters/use': ({ file }, { notebook, folder }) =>
      services.useAdapters(notebook, file === null ? null : path.resolve(folder, file)),

    'training/start': async (params, { notebook, folder, signal }) => {
      const run = await runs.start({ ...params, notebook, folder });
      // Interrupted meanwhile: nobody would know of the run.
      if (signal.aborted) runs.stop(run);
      return run;
    },

    'training/watch': ({ run }, { folder, progress, signal }) =>
      runs.follow(path.resolve(folder, run), progress, signal),

    'training/stop': async ({ run }, { folder }) => {
      runs.stop(path.resolve(folder, run));
      return null;
    },

    evaluate: async ({ data, adapters, prompts, ...options }, context) => {
      const used = adapters === undefined ? services.adaptersOf(context.notebook) : adapters;
      const settings = prompts === undefined ? undefined : prompts.join(',');
      const asked = { ...given({ ...defaults }), ...options, data, adapters: used, prompts: settings, json: true };
      return jsonOf('evaluate', await command('evaluate', asked, context));
    },

    phantoms: async ({ out, ...options }, context) => {
      const target = path.resolve(context.folder, out);
      await command('phantoms', { ...options, out: target }, context);
      return target;
    },

    models: async (_, context) =>
      jsonOf<{ models: NotebookModel[] }>('models', await command('models', { json: true }, context)).models,

    runs: ({ folder }, context) =>
      runs.list(folder === undefined ? null : path.resolve(context.folder, folder), context.folder),
  };
}

type CommandLineOptions = Readonly<Record<string, string | number | boolean | null | undefined>>;

const given = (options: CommandLineOptions): CommandLineOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== null));

/** `{ seed: 3, json: true }` → `--seed 3 --json`. */
const commandLine = (options: CommandLineOptions): string[] =>
  Object.entries(given(options)).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, String(value)],
  );

function jsonOf<T = Record<string, unknown>>(command: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new UserError(`med-sa ${command} printed no JSON: ${text.slice(0, 200)}`);
  }
}
