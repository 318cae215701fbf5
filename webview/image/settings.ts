import type { ImageInfo, IntensityWindow, Plane } from '../../src/protocol';
import type { Sign, Tool } from './draft';
import { autoPreset, ctPresets, type WindowPreset } from './windowing';

export type Layout = Plane | 'all';

/** How this page looks at the image and what a click means; of no concern to the kernel. */
export interface Settings {
  tool: Tool;
  sign: Sign;
  /** Of the brush, pixels of the slice. */
  radius: number;
  layout: Layout;
  /** Name of the preset; 'Custom' after a drag. */
  preset: string;
  window: IntensityWindow;
  smooth: boolean;
  /** Of a mask's area, 0..1. */
  opacity: number;
  masks: boolean;
  cross: boolean;
  preview: boolean;
}

export const radiusLimits = { least: 0.5, most: 200 } as const;
export const customPreset = 'Custom';
const imagePreset = 'Image';

export function settingsFor(image: ImageInfo): Settings {
  const [plane] = image.planes;
  return {
    tool: 'point',
    sign: 1,
    radius: Math.max(2, Math.round(Math.min(plane.width, plane.height) / 40)),
    layout: plane.plane,
    preset: imagePreset,
    window: image.window,
    smooth: false,
    opacity: 0.35,
    masks: true,
    cross: true,
    preview: true,
  };
}

/** Of a CT, those of radiology; of anything, the file's own and one from the values. */
export function presetsFor(image: ImageInfo): readonly WindowPreset[] {
  const own: WindowPreset = { name: imagePreset, window: image.window };
  const hounsfield = image.modality === 'CT' || (image.modality === null && image.range[0] <= -500);
  return [own, autoPreset, ...(hounsfield && image.channels === 1 ? ctPresets : [])];
}

/** A fifth larger or smaller, by half a pixel at least. */
export function resized(radius: number, larger: boolean): number {
  const step = Math.max(0.5, Math.round(radius * 0.2 * 2) / 2);
  const { least, most } = radiusLimits;
  return Math.min(Math.max(larger ? radius + step : radius - step, least), most);
}
