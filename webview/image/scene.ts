import type { PlaneInfo } from '../../src/protocol';
import { isHighContrast } from '../shared/theme';
import type { Editor } from './editor';
import type { HeldSlice } from './heldSlice';
import type { MaskStyle } from './maskLayer';
import type { MaskPixels } from './outline';
import type { Scene } from './pane';
import type { Screens } from './screens';
import type { Session } from './session';
import type { Settings } from './settings';

interface Parts {
  session: Session;
  settings: Settings;
  editor: Editor;
  screens: Screens;
}

/** What a plane shows now: the slice, its masks with the active object on top, and what is being done to it. */
export function sceneOf(plane: PlaneInfo, parts: Parts): Scene {
  const { session, settings, editor, screens } = parts;
  const slice = screens.sliceOf(plane);
  const held = session.held(plane.plane, slice);
  const annotated = plane === session.annotationPlane;
  const { tool, radius, window, smooth } = settings;
  const paints = tool === 'brush' || tool === 'eraser';
  const at = editor.pointer ?? editor.cursor;
  return {
    picture: held?.pixels ?? null,
    window,
    smooth,
    masks: settings.masks && held ? masksOf(held, slice, annotated, parts) : [],
    prompts: annotated
      ? editor.prompts.map(({ id, prompt, answered }) => ({ prompt, answered, selected: id === editor.selected }))
      : [],
    draft: annotated ? editor.draft : null,
    cursor: annotated ? editor.cursor : null,
    ring: annotated && paints && at ? { at, radius, erases: tool === 'eraser' } : null,
    cross: settings.cross && settings.layout === 'all' ? screens.crossOn(plane) : null,
  };
}

function masksOf(held: HeldSlice, slice: number, annotated: boolean, parts: Parts): Scene['masks'] {
  const { session, settings, editor } = parts;
  const { objects, active } = session.state;
  const drawn: { mask: MaskPixels; style: MaskStyle }[] = [];
  // The active object is drawn last, over the others.
  for (const object of objects.toSorted((a, b) => Number(a.id === active) - Number(b.id === active))) {
    if (!object.visible) continue;
    const known = held.objects.get(object.id)?.mask ?? null;
    const mask = annotated ? editor.strokes.over(object.id, slice, known) : known;
    if (mask) drawn.push({ mask, style: styleOf(object.colour, object.id === active, settings) });
    const preview = annotated && object.id === active ? editor.preview.shown : null;
    if (preview?.object === object.id && preview.slice === slice)
      drawn.push({
        mask: preview.mask,
        style: { colour: object.colour, opacity: 0.18, lineWidth: 1.25, dashed: true },
      });
  }
  return drawn;
}

function styleOf(colour: string, active: boolean, { opacity }: Settings): MaskStyle {
  const bold = isHighContrast() ? 2 : 1.25;
  return { colour, opacity: active ? opacity : opacity * 0.6, lineWidth: active ? bold : 1, dashed: false };
}
