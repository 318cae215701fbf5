import path from 'node:path';
import type { ImageOutputV1 as ImageOutput, KernelStatus, PromptV1 as Prompt } from '../../protocol';
import {
  type AnnotationStore,
  checkedPrompt,
  type ImageLibrary,
  type Models,
  promptSet,
  versionOf,
} from '../annotation';
import { UserError } from '../errors';
import { decodeMaskPatch, encodeMaskPatch, encodeMaskPng, writeMask, type Mask } from '../imaging';
import type { ApiCalls, ApiMethod } from './calls';
import { runCommand } from './command';
import type { CommandDefaults, Runs } from './runs';
import { savedPicture } from './savedPicture';

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
  readonly cli: () => string;
  readonly defaults: CommandDefaults;
  /** Adapters in use in a notebook: an absolute path; null for the frozen model. */
  readonly adaptersOf: (notebook: string) => string | null;
  readonly useAdapters: (notebook: string, file: string | null) => Promise<KernelStatus>;
}

type Handlers = {
  readonly [M in ApiMethod]: (params: ApiCalls[M][0], context: CallContext) => Promise<ApiCalls[M][1]>;
};

/** What the kernel does for cells: one function per call of the cell API. */
export function apiHandlers(services: ApiServices): Handlers {
  const { store, images, models, runs, cli, defaults } = services;

  const segmenterOf =
    (file: string, { notebook }: CallContext) =>
    () =>
      models.segmenterFor(file, services.adaptersOf(notebook));

  const stateOf = async (output: ImageOutput, context: CallContext) => {
    const { session, file } = await store.attach(context.folder, output);
    return session.state(output.slice, segmenterOf(file, context));
  };

  const picture = async (file: string, slice: number, mask: Mask | null): Promise<string> => {
    const image = await images.picture(await versionOf(file), slice);
    return (await savedPicture(image, mask)).toString('base64');
  };

  const command = async (name: string, options: CommandLineOptions, context: CallContext): Promise<string> => {
    const { folder, signal, progress } = context;
    return runCommand({ cli: cli(), arguments: [name, ...commandLine(options)], folder, signal, progress });
  };

  return {
    'image/open': async (params, context) => {
      const { output, session, file } = await store.open(context.folder, params);
      const { width, height } = output.image;
      // A picture without prompts needs no model, which may take a while to load.
      const state = session.prompts(output.slice).length === 0 ? null : await stateOf(output, context);
      const mask = state?.mask ? decodeMaskPatch(state.mask, width, height) : null;
      return { output, png: await picture(file, output.slice, mask) };
    },

    'image/prompts': async ({ output }, { folder }) =>
      (await store.attach(folder, output)).session.prompts(output.slice),

    'image/mask': async ({ output }, context) => (await stateOf(output, context)).mask,

    'image/segment': async ({ output, slice, prompts }, context) => {
      const { session, file } = await store.attach(context.folder, output);
      const checked = prompts.map((prompt: Prompt) => checkedPrompt(session.image, slice, prompt));
      const segmenter = await segmenterOf(file, context)();
      const { mask, iou } = await segmenter.predict(slice, promptSet(checked), undefined);
      return { mask: encodeMaskPatch(mask), iou, model: segmenter.label, png: await picture(file, slice, mask) };
    },

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
      return jsonOf(await command('evaluate', asked, context));
    },

    phantoms: async ({ out, ...options }, context) => {
      const target = path.resolve(context.folder, out);
      await command('phantoms', { ...options, out: target }, context);
      return target;
    },
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

function jsonOf(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new UserError(`med-sa evaluate printed no JSON: ${text.slice(0, 200)}`);
  }
}
