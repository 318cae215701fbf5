import { decodeMaskPatch } from '../../src/kernel/imaging';
import type { ImageEvent, ImageInfo, ObjectSlice, SessionState, TrainingEvent, ViewerEvent } from '../../src/protocol';

interface Shown extends Omit<ObjectSlice, 'mask'> {
  mask: Uint8Array;
}

/** A page without its pictures: what a view knows from the events that it was told, masks put together from their parts. */
export class ViewMirror {
  image: ImageInfo | null = null;
  state: SessionState | null = null;
  readonly shown = new Map<string, Shown>();
  readonly events: ImageEvent[] = [];

  constructor(readonly viewId: string) {}

  receive(event: ViewerEvent): void {
    if (event.viewId !== this.viewId || isTrainingEvent(event)) return;
    this.events.push(event);
    if (event.type === 'viewer/attached') {
      this.shown.clear();
      this.image = event.image;
      this.state = event.state;
      event.objects.forEach((object) => this.show(object));
    } else if (event.type === 'viewer/change') {
      this.state = event.state;
      event.objects.forEach((object) => this.show(object));
    } else if (event.type === 'viewer/slice' && event.plane === this.image?.planes[0].plane) {
      event.objects.forEach((object) => this.show(object));
    }
  }

  last<T extends ImageEvent['type']>(type: T): Extract<ImageEvent, { type: T }> {
    const found = this.events.filter((event): event is Extract<ImageEvent, { type: T }> => event.type === type).at(-1);
    if (found === undefined) throw new Error(`no ${type} among ${this.events.map((event) => event.type).join(', ')}`);
    return found;
  }

  area(slice = 0, object = 'object-1'): number {
    return this.shown.get(`${object}/${slice}`)?.mask.reduce((sum, value) => sum + value, 0) ?? 0;
  }

  prompts(slice = 0, object = 'object-1') {
    return (this.shown.get(`${object}/${slice}`)?.prompts ?? []).map(({ prompt }) => prompt);
  }

  private show({ mask: update, ...rest }: ObjectSlice): void {
    const [width, height] = this.image!.size;
    const key = `${rest.object}/${rest.slice}`;
    const before = this.shown.get(key);
    if (before !== undefined && before.revision > rest.revision) return;
    if (!update.whole && update.since !== before?.revision) throw new Error(`${key} misses revision ${update.since}`);
    const mask = update.whole ? new Uint8Array(width * height) : before!.mask.slice();
    if (update.patch !== null) {
      const { x, y, width: columns, height: rows } = update.patch;
      const part = decodeMaskPatch(update.patch, width, height).data;
      for (let row = y; row < y + rows; row++) {
        const [from, to] = [row * width + x, row * width + x + columns];
        mask.set(part.subarray(from, to), from);
      }
    }
    this.shown.set(key, { ...rest, mask });
  }
}

const isTrainingEvent = (event: ViewerEvent): event is TrainingEvent => event.type.startsWith('training/');
