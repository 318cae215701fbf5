import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { AnnotationObject, ImageOutput } from '../../protocol';
import {
  type AnnotationSession,
  checkedPrompt,
  colourOf,
  exportSession,
  formatOf,
  newObject,
  type OpenedSession,
  promptSet,
  propagate,
  versionOf,
} from '../annotation';
import { UserError } from '../errors';
import { type ColouredMask, decodeMaskPatch, encodeMaskPatch, type Mask } from '../imaging';
import type { ApiHandlers, ApiServices, CallContext } from './apiHandlers';
import { savedPicture } from './savedPicture';

type ImageMethod = Extract<keyof ApiHandlers, `image/${string}`>;

/** The colour of an answer that belongs to no object. */
const answerColour = '#ff4040';

/** What the kernel does for cells about images. */
export function imageHandlers(services: ApiServices): ApiHandlers<ImageMethod> {
  const { store, images, models } = services;

  const source = (file: string, { notebook }: CallContext) => {
    return () => models.segmenterFor(file, services.adaptersOf(notebook));
  };
  const attached = (output: ImageOutput, { folder, notebook }: CallContext) => store.attach(folder, output, notebook);

  const picture = async (file: string, slice: number, masks: readonly ColouredMask[]): Promise<string> => {
    const image = await images.picture(await versionOf(file), slice);
    return (await savedPicture(image, masks)).toString('base64');
  };

  const masksOn = async ({ session, file }: OpenedSession, slice: number, context: CallContext) => {
    // A picture without prompts needs no model, which may take a while to load.
    if (!session.isAnswered(slice)) await session.answer(slice, source(file, context));
    const [width, height] = session.image.size;
    return session.state.objects.flatMap(({ id, colour, visible }): ColouredMask[] => {
      const patch = visible ? session.patch(id, slice) : null;
      return patch === null ? [] : [{ mask: decodeMaskPatch(patch, width, height), colour: colourOf(colour) }];
    });
  };

  return {
    'image/open': async (params, context) => {
      const opened = await store.open(context.folder, params, context.notebook);
      const { output, session, file } = opened;
      const { size, spacing, notes } = session.image;
      const png = await picture(file, output.slice, await masksOn(opened, output.slice, context));
      return { output, size, spacing, notes, png };
    },

    'image/objects': async ({ output }, context) => {
      const { session } = await attached(output, context);
      const marks = new Map(session.marks().map(({ object, masked }) => [object, masked]));
      return session.state.objects.map(({ id, label, colour, value }) => {
        return { label, colour, value, slices: marks.get(id) ?? [] };
      });
    },

    'image/prompts': async ({ output, slice }, context) => {
      const { session } = await attached(output, context);
      return session.prompts(session.state.active, slice).map(({ prompt }) => prompt);
    },

    'image/mask': async ({ output, label, slice }, context) => {
      const { session, file } = await attached(output, context);
      session.check(null, slice);
      const object = label === null ? session.state.active : named(session, label).id;
      const mask = await session.mask(object, slice, source(file, context));
      return mask === null ? null : encodeMaskPatch(mask);
    },

    'image/segment': async ({ output, slice, prompts }, context) => {
      const { session, file } = await attached(output, context);
      const [width, height] = session.image.size;
      const checked = prompts.map((prompt) => ({ id: '', prompt: checkedPrompt(session.image, slice, prompt) }));
      const segmenter = await source(file, context)();
      const asked = { prompts: promptSet({ base: undefined }, checked, { width, height }) };
      const [[{ mask, iou }]] = await segmenter.predict(slice, [asked], { multimask: false, signal: context.signal });
      const png = await picture(file, slice, [{ mask, colour: colourOf(answerColour) }]);
      return { mask: encodeMaskPatch(mask), iou, model: segmenter.label, png };
    },

    'image/label': async ({ output, slice, label, colour, prompts }, context) => {
      const opened = await attached(output, context);
      const { session, file } = opened;
      const ask = source(file, context);
      const checked = prompts.map((prompt) => checkedPrompt(session.image, slice, prompt));
      const object = await objectNamed(session, label, colour, ask);
      const present = session.prompts(object, slice);
      // A cell that is run again gives nothing twice.
      for (const prompt of checked.filter((one) => !present.some((kept) => isDeepStrictEqual(kept.prompt, one)))) {
        await session.prompt({ edit: 'prompt/add', object, slice, id: randomUUID(), prompt }, ask);
      }
      const mask: Mask | null = await session.mask(object, slice, ask);
      const png = await picture(file, slice, await masksOn(opened, slice, context));
      const [iou, model] = [session.iou(object, slice) ?? 0, session.state.model ?? ''];
      return { mask: mask && encodeMaskPatch(mask), iou, model, png };
    },

    'image/propagate': async ({ output, label, from, direction = 'both', to = null }, context) => {
      const { session, file } = await attached(output, context);
      session.check(null, from);
      const { id: object } = named(session, label);
      const progress = (done: number, total: number) => context.progress([done, total]);
      const control = { signal: context.signal, progress };
      return propagate(session, { object, from, direction, to }, source(file, context), control);
    },

    'image/save': async ({ output, file, format }, context) => {
      const opened = await attached(output, context);
      const target = path.resolve(context.folder, file);
      return exportSession(opened, images, format ?? formatOf(file) ?? 'pairs', target, source(opened.file, context));
    },
  };
}

/** @throws UserError where no object is called so */
function named(session: AnnotationSession, label: string): AnnotationObject {
  const { objects } = session.state;
  const object = objects.find((one) => one.label === label);
  if (object !== undefined) return object;
  const known = objects.map((one) => one.label).join(', ');
  throw new UserError(`${session.image.name} has no object called ${label}: it has ${known}`);
}

/** The object of that name; the first one, as long as nobody has used it, is renamed; else a new one is made. */
async function objectNamed(
  session: AnnotationSession,
  label: string,
  colour: string | undefined,
  ask: Parameters<AnnotationSession['apply']>[1],
): Promise<string> {
  if (typeof label !== 'string' || label.trim() === '') throw new UserError('an object needs a name, e.g. "liver"');
  if (colour !== undefined && !/^#[0-9a-f]{6}$/i.test(colour)) {
    throw new UserError(`${colour} is no colour: give it as #rrggbb`);
  }
  const { objects } = session.state;
  const present = objects.find((one) => one.label === label);
  const [first] = objects;
  const unused = objects.length === 1 && session.slices().length === 0 && first.label === newObject('', []).label;
  const used = present ?? (unused ? first : null);
  if (used === null) {
    const object = { ...newObject(randomUUID(), objects), label, ...(colour === undefined ? {} : { colour }) };
    await session.apply({ edit: 'object/add', object }, ask);
    return object.id;
  }
  const properties = { label, ...(colour === undefined ? {} : { colour }) };
  if (used.label !== label || (colour !== undefined && used.colour !== colour)) {
    await session.apply({ edit: 'object/change', object: used.id, properties }, ask);
  }
  await session.apply({ edit: 'select', object: used.id }, ask);
  return used.id;
}
