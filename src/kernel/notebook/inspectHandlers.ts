import path from 'node:path';
import type { InspectParams } from '../../protocol';
import type { InspectorOutput, InspectorPrompts } from '../../protocol/inspector';
import { type AnnotationStore, checkedPrompt, promptSet } from '../annotation';
import { UserError } from '../errors';
import type { TensorData } from '../graph';
import { exportTensors, type ImageInspection, type InspectionSession } from '../inspection';
import type { ApiHandlers, ApiServices } from './apiHandlers';
import type { InspectionReport } from './calls';
import type { Inspections } from './inspections';

type InspectMethod = Extract<keyof ApiHandlers, `inspect/${string}`>;

const outputOf = (
  session: InspectionSession,
  slice: number,
  prompts: InspectorOutput['begin']['prompts'],
): InspectorOutput => ({ version: 1, summary: session.summary(), begin: { slice, prompts } });

/** What the kernel does for cells about adapters. */
export function inspectHandlers(services: ApiServices): ApiHandlers<InspectMethod> {
  const { store, inspections } = services;
  return {
    'inspect/open': async ({ output, slice, slices, adapters, prompts }, { notebook, folder, signal }) => {
      const { session: annotation, file } = await store.attach(folder, output);
      const { image } = annotation;
      annotation.check(null, slice);
      const used = adapters === null ? services.adaptersOf(notebook) : path.resolve(folder, adapters);
      if (used === null) {
        throw new UserError(
          'inspect needs adapters: name them, { adapters: "runs/…/checkpoints/best.safetensors" }, or call useAdapters first',
        );
      }
      const [width, height, volume] = image.size;
      const begin = prompts.map((one) => {
        const checked = one.map((prompt) => ({ id: '', prompt: checkedPrompt(image, slice, prompt) }));
        return checked.length === 0 ? null : mutable(promptSet({ base: undefined }, checked, { width, height }));
      }) as InspectorOutput['begin']['prompts'];
      const subject = { notebook, folder, file, adapters: used, slice, volume, slices };
      return inspections.inspect(
        subject,
        async (session, at): Promise<InspectionReport> => {
          const { block, png } = await session.preview(at);
          return { output: outputOf(session, at, begin), block, png: png.toString('base64') };
        },
        signal,
      );
    },

    'inspect/tensor': ({ output, name }, { signal }) =>
      inspections.use(output.summary.inspection, async (session) => {
        const { shape, data } = await tensorOf(session.inspection, output.begin, name, signal);
        return { shape: [...shape], data };
      }),

    'inspect/save': async ({ output, file }, { folder, signal }) => {
      const target = path.resolve(folder, file);
      await inspections.use(output.summary.inspection, async ({ inspection }) => {
        const asked = [];
        for (const prompts of output.begin.prompts) {
          if (prompts !== null) asked.push(await inspection.ask(prompts, output.begin.slice, signal));
        }
        await exportTensors(target, inspection, asked, signal);
      });
      return target;
    },
  };
}

/** What was read under a name of docs/inspector.md; behind `prompt.0.` or `prompt.1.`, of the decoder. */
async function tensorOf(
  inspection: ImageInspection,
  { slice, prompts }: InspectorOutput['begin'],
  name: string,
  signal: AbortSignal,
): Promise<TensorData> {
  const [, slot, ofDecoder] = /^prompt\.([01])\.(.+)$/.exec(name) ?? [];
  if (slot === undefined) return inspection.reading(name);
  const asked = prompts[Number(slot)];
  if (asked === null) throw new UserError(`this inspection has no prompt ${slot}: give inspect points or a box`);
  const found = (await inspection.ask(asked, slice, signal)).readings.get(ofDecoder);
  if (found === undefined) throw new UserError(`nothing named ${ofDecoder} was read of the decoder`);
  return found;
}

/**
 * Looks into the slice that an image's output stands at, or into the first one that is annotated where nothing is there,
 * with what is annotated as the first prompt.
 */
export async function openInspection(
  store: AnnotationStore,
  inspections: Inspections,
  { notebook, folder, image: output, adapters }: InspectParams,
): Promise<InspectorOutput> {
  const { session, file } = await store.attach(folder, output);
  const { size } = session.image;
  const { active } = session.state;
  const shown = output.slice ?? session.firstSlice;
  session.check(null, shown);
  const slice = session.prompts(active, shown).length > 0 ? shown : (session.slices()[0] ?? shown);
  const given = session.prompts(active, slice);
  const asked = promptSet({ base: undefined }, given, { width: size[0], height: size[1] });
  const some = asked.points.length > 0 || asked.box !== null;
  const subject = { notebook, folder, file, adapters: path.resolve(folder, adapters), slice, volume: size[2] };
  return inspections.inspect(subject, (opened, at) => outputOf(opened, at, [some ? mutable(asked) : null, null]));
}

const mutable = ({ points, box }: ReturnType<typeof promptSet>): InspectorPrompts => ({
  points: points.map((point) => ({ ...point })),
  box: box && [...box],
});
