// How large things are, as people say it.
import type { ImageInfo, PlaneInfo } from '../../src/protocol';
import type { Marks } from './session';

/** An object's extent in words. */
export interface Measure {
  /** For a narrow column: the volume, of a picture the area. */
  readonly short: string;
  /** With voxels and slices; for the tooltip and for screen readers. */
  readonly long: string;
}

/**
 * The size of an object from the pixels of its masks. mL where the voxels' size is known; of a picture mm²; else a count.
 * null: it has no mask.
 */
export function measureOf({ masked }: Pick<Marks, 'masked'>, { spacing, slices }: PlaneInfo): Measure | null {
  const voxels = [...masked.values()].reduce((sum, area) => sum + area, 0);
  if (voxels === 0) return null;
  const picture = slices === 1;
  const count = `${grouped(voxels)} ${picture ? 'pixels' : 'voxels'}`;
  const where = picture ? [] : [`on ${masked.size === 1 ? '1 slice' : `${masked.size} slices`}`];
  if (!spacing) return { short: compact(voxels), long: [count, ...where].join(' ') };
  const [x, y, z] = spacing;
  // 1000 mm³ are a millilitre.
  const size = picture ? `${rounded(voxels * x * y)} mm²` : `${rounded((voxels * x * y * z) / 1000)} mL`;
  return { short: size, long: [`${size}: ${count}`, ...where].join(' ') };
}

/** What is known of an image: names and values, in the order in which one looks for them. */
export function factsOf(image: ImageInfo): [name: string, value: string][] {
  const { name, size, spacing, modality, range, channels, planes } = image;
  const picture = size[2] === 1;
  const all = picture ? size.slice(0, 2) : size;
  const facts: [string, string][] = [
    ['Image', name],
    ['Size', `${all.join(' × ')} ${picture ? 'pixels' : 'voxels'}`],
  ];
  if (spacing) {
    const each = picture ? spacing.slice(0, 2) : spacing;
    facts.push(['Spacing', `${each.map(rounded).join(' × ')} mm`]);
    facts.push(['Extent', `${each.map((step, axis) => rounded(step * all[axis])).join(' × ')} mm`]);
  }
  if (!picture) facts.push(['Slices', planes[0].plane]);
  if (modality) facts.push(['Modality', modality]);
  facts.push(['Values', channels === 3 ? 'colour' : `${rounded(range[0])} to ${rounded(range[1])}`]);
  return facts;
}

/** Three digits, or all that stand before the point. */
function rounded(value: number): string {
  const digits = Math.max(3, Math.ceil(Math.log10(Math.abs(value) + 1)));
  return Number(value.toPrecision(Math.min(digits, 15))).toString();
}

const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, '\u202f');

const compact = (count: number): string =>
  count < 10_000 ? `${count} px` : count < 1e6 ? `${Math.round(count / 1e3)}k px` : `${(count / 1e6).toFixed(1)}M px`;
