import type { AnnotationObject, ImageRequest } from '../../protocol';
import { UserError } from '../errors';
import { newObject } from './edits';
import type { AnnotationSession, SegmenterSource } from './session';

type Named<T extends ImageRequest['type']> = Extract<ImageRequest, { type: T }>;

/** Requests that change the session at once. */
export type EditRequest = Named<
  | 'viewer/prompt/add'
  | 'viewer/prompt/move'
  | 'viewer/prompt/remove'
  | 'viewer/choose'
  | 'viewer/object/add'
  | 'viewer/object/remove'
  | 'viewer/object/change'
  | 'viewer/object/select'
  | 'viewer/stroke'
  | 'viewer/fill'
  | 'viewer/largest'
  | 'viewer/clear'
  | 'viewer/undo'
  | 'viewer/redo'
>;

/** Carries out what a viewer asked for. @throws UserError for an object, a slice or a position that is not there */
export async function carryOut(
  session: AnnotationSession,
  request: EditRequest,
  source: SegmenterSource,
): Promise<void> {
  const object = 'object' in request && request.type !== 'viewer/object/add' ? request.object : null;
  session.check(object, 'slice' in request ? request.slice : null);
  switch (request.type) {
    case 'viewer/prompt/add':
    case 'viewer/prompt/move': {
      const { object, slice, id, prompt } = request;
      const edit = request.type === 'viewer/prompt/add' ? 'prompt/add' : 'prompt/move';
      return session.prompt({ edit, object, slice, id, prompt }, source);
    }
    case 'viewer/prompt/remove': {
      const { object, slice, id } = request;
      return session.apply({ edit: 'prompt/remove', object, slice, id }, source);
    }
    case 'viewer/choose': {
      const { object, slice, candidate } = request;
      return session.apply({ edit: 'choose', object, slice, candidate }, source);
    }
    case 'viewer/object/add': {
      const { objects } = session.state;
      const { visible: _, ...properties } = given(request.properties);
      const added = { ...newObject(request.object, objects), ...properties };
      checkValue(added, objects);
      return session.apply({ edit: 'object/add', object: added }, source);
    }
    case 'viewer/object/remove':
      if (session.state.objects.length === 1) {
        throw new UserError('the last object cannot be removed: clear it instead');
      }
      return session.apply({ edit: 'object/remove', object: request.object }, source);
    case 'viewer/object/change': {
      const { visible, ...properties } = given(request.properties);
      const { objects } = session.state;
      checkValue({ ...properties, id: request.object }, objects);
      if (visible !== undefined) await session.apply({ edit: 'show', object: request.object, visible }, source);
      if (Object.keys(properties).length === 0) return;
      return session.apply({ edit: 'object/change', object: request.object, properties }, source);
    }
    case 'viewer/object/select':
      return session.apply({ edit: 'select', object: request.object }, source);
    case 'viewer/stroke': {
      const { object, slice, erase, points, radius } = request;
      return session.apply({ edit: 'stroke', object, slice, erase, points: points.map(rounded), radius }, source);
    }
    case 'viewer/fill':
      return session.clean('fill', request.object, request.slice, source);
    case 'viewer/largest':
      return session.clean('largest', request.object, request.slice, source);
    case 'viewer/clear':
      return session.apply({ edit: 'clear', object: request.object, slice: request.slice }, source);
    case 'viewer/undo':
      return session.apply({ edit: 'undo' }, source);
    case 'viewer/redo':
      return session.apply({ edit: 'redo' }, source);
  }
}

const given = (properties: Partial<AnnotationObject>): Partial<AnnotationObject> =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));

function checkValue({ id, value }: Partial<AnnotationObject>, objects: readonly AnnotationObject[]): void {
  const other = objects.find((object) => object.id !== id && object.value === value);
  if (other !== undefined) throw new UserError(`${other.label} has the value ${value} already: choose another`);
}

/** A hundredth of a pixel: what a journal needs of a hand's line. */
const rounded = ([x, y]: readonly [number, number]): [number, number] => [
  Math.round(x * 100) / 100,
  Math.round(y * 100) / 100,
];
