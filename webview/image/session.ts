import type {
  AnnotationObject,
  ImageInfo,
  ObjectSlice,
  Plane,
  PlaneInfo,
  SessionState,
  SliceMarks,
} from '../../src/protocol';
import type { ImageEvent } from './messages';
import { type HeldObject, HeldSlice } from './heldSlice';
import type { SliceCache } from './sliceCache';
import type { SliceImage } from './tone';

/** What a slice lacks: its pixels, the newest of what lies over them, or every one of its pixels. */
export type Need = 'pixels' | 'overlay' | 'detail' | null;

/** Where an object is annotated: slices of the annotation plane. */
export interface Marks {
  readonly prompted: ReadonlySet<number>;
  /** Pixels of the mask by slice. */
  readonly masked: ReadonlyMap<number, number>;
}

type Attached = Extract<ImageEvent, { type: 'viewer/attached' }>;

/** The kernel's session as far as this page has it. Holds no more slices than the page's cache does. */
export class Session {
  private marks = new Map<string, Marks>();
  /** Revision of the last change to any mask: cross-sections that are older may be wrong. */
  private changedAt = 0;
  /** Of slices that were changed while the page did not hold them. */
  private missed = new Map<number, number>();
  state: SessionState;
  readonly image: ImageInfo;

  /** `prefix`: keeps this view's slices apart from others' in the shared cache. */
  constructor(
    attached: Attached,
    private readonly cache: SliceCache<HeldSlice>,
    private readonly prefix: string,
  ) {
    this.image = attached.image;
    this.state = attached.state;
    this.changedAt = attached.state.revision;
    cache.deleteAll(prefix);
    this.setMarks(attached.marks);
    this.overlay(this.annotationPlane.plane, attached.slice, attached.state.revision, attached.objects);
  }

  /** The plane that prompts and masks belong to. */
  get annotationPlane(): PlaneInfo {
    return this.image.planes[0];
  }

  get active(): AnnotationObject {
    const { objects, active } = this.state;
    return objects.find(({ id }) => id === active) ?? objects[0];
  }

  planeInfo(plane: Plane): PlaneInfo {
    return this.image.planes.find((each) => each.plane === plane) ?? this.annotationPlane;
  }

  held(plane: Plane, index: number): HeldSlice | undefined {
    return this.cache.get(this.key(plane, index));
  }

  need(plane: Plane, index: number): Need {
    const held = this.held(plane, index);
    if (!held?.pixels) return 'pixels';
    const current = this.isAnnotation(plane) ? (this.missed.get(index) ?? 0) : this.changedAt;
    if (held.revision < current) return 'overlay';
    return held.pixels.shrink > 1 ? 'detail' : null;
  }

  /** What is known of an object on a slice of the annotation plane. */
  onSlice(object: string, slice: number): HeldObject | undefined {
    return this.held(this.annotationPlane.plane, slice)?.objects.get(object);
  }

  setPixels(plane: Plane, index: number, pixels: SliceImage): void {
    const held = this.hold(plane, index);
    // Means of pixels that are here already tell nothing.
    if (!held.pixels || pixels.shrink <= held.pixels.shrink) held.pixels = pixels;
    this.keep(plane, index, held);
  }

  /** @throws RangeError where a mask does not fit its slice. */
  overlay(plane: Plane, index: number, revision: number, objects: readonly ObjectSlice[]): void {
    const held = this.hold(plane, index);
    held.replace(revision, objects);
    if (this.isAnnotation(plane) && (this.missed.get(index) ?? 0) <= revision) this.missed.delete(index);
    this.keep(plane, index, held);
  }

  /** Takes a change; an older one than what is known does nothing. @throws RangeError where a mask does not fit. */
  change(state: SessionState, objects: readonly ObjectSlice[]): void {
    if (state.revision >= this.state.revision) this.state = state;
    if (objects.length > 0) this.changedAt = Math.max(this.changedAt, state.revision);
    const { plane } = this.annotationPlane;
    for (const update of objects) {
      const held = this.held(plane, update.slice);
      if (held?.change(update)) this.keep(plane, update.slice, held);
      else this.missed.set(update.slice, Math.max(update.revision, this.missed.get(update.slice) ?? 0));
      this.mark(update);
    }
  }

  setMarks(marks: readonly SliceMarks[]): void {
    for (const { object, prompted, masked, areas } of marks) {
      const measured = new Map(masked.map((slice, index) => [slice, areas[index]]));
      this.marks.set(object, { prompted: new Set(prompted), masked: measured });
    }
  }

  marksOf(object: string): Marks {
    return this.marks.get(object) ?? { prompted: new Set(), masked: new Map() };
  }

  dispose(): void {
    this.cache.deleteAll(this.prefix);
    this.missed.clear();
    this.marks.clear();
  }

  private mark({ object, slice, prompts, area }: ObjectSlice): void {
    const marks = this.marksOf(object);
    const [prompted, masked] = [new Set(marks.prompted), new Map(marks.masked)];
    if (prompts.length > 0) prompted.add(slice);
    else prompted.delete(slice);
    if (area > 0) masked.set(slice, area);
    else masked.delete(slice);
    this.marks.set(object, { prompted, masked });
  }

  private isAnnotation(plane: Plane): boolean {
    return plane === this.annotationPlane.plane;
  }

  private hold(plane: Plane, index: number): HeldSlice {
    return this.held(plane, index) ?? new HeldSlice(this.planeInfo(plane));
  }

  private keep(plane: Plane, index: number, held: HeldSlice): void {
    this.cache.set(this.key(plane, index), held, held.bytes);
  }

  private key(plane: Plane, index: number): string {
    return `${this.prefix}${plane}/${index}`;
  }
}
