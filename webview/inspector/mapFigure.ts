import type { QuantisedMap } from '../../src/protocol/inspector';
import { bytesOf } from '../shared/base64';
import { element } from '../shared/dom';
import { BoxPen } from './boxPen';
import type { Cursor, Place } from './cursor';
import { coloured, stroke } from './drawing';
import { figure } from './format';

/** What lies below maps of the image, and how they lie over it. */
export interface Backdrop {
  readonly picture: CanvasImageSource | null;
  /** Cells of a map that cover the picture. */
  readonly cells: { readonly columns: number; readonly rows: number };
  /** Of the map over the picture, 0..1. */
  readonly opacity: number;
}

export interface MapFigureOptions {
  readonly cursor: Cursor;
  readonly title: string;
  /** Width ÷ height. */
  readonly aspect: number;
  /** Told of a click or Enter at a place. */
  readonly onChoose?: (place: NonNullable<Place>, event: MouseEvent | KeyboardEvent) => void;
  /** Told of a box that was drawn, by any two opposite corners. */
  readonly onBox?: (from: NonNullable<Place>, to: NonNullable<Place>) => void;
  /** Longest side of the drawing, pixels of the page; 208 by default. */
  readonly side?: number;
  /** Below the title. */
  readonly note?: string;
  readonly actions?: readonly HTMLElement[];
}

/** One heat map: drawing, legend, and the value under the linked cursor. */
export class MapFigure {
  readonly root: HTMLElement;
  private readonly canvas: HTMLCanvasElement;
  private readonly legend = element('canvas', { class: 'legend', width: 256, height: 1, 'aria-hidden': 'true' });
  private readonly low = element('span');
  private readonly high = element('span');
  private readonly value = element('output', { class: 'value' }, ' ');
  private readonly noteLine: HTMLElement;
  private readonly scale: HTMLElement;
  private readonly unfollow: () => void;
  private map: QuantisedMap | null = null;
  private bytes: Uint8Array = new Uint8Array();
  private cells: HTMLCanvasElement | null = null;
  private backdrop: Backdrop | null = null;
  private box: readonly [NonNullable<Place>, NonNullable<Place>] | null = null;

  constructor(private readonly options: MapFigureOptions) {
    const { title, aspect, cursor, side = 208, note = '', actions = [] } = options;
    const size = aspect >= 1 ? { width: side, height: side / aspect } : { width: side * aspect, height: side };
    const ratio = Math.max(1, globalThis.devicePixelRatio || 1);
    const width = Math.max(1, Math.round(size.width * ratio));
    const height = Math.max(1, Math.round(size.height * ratio));
    this.canvas = element('canvas', { width, height, tabindex: 0, role: 'img', 'aria-label': title });
    this.canvas.style.width = `${size.width}px`;
    // A page narrower than the figure makes it smaller.
    this.canvas.style.aspectRatio = `${size.width} / ${size.height}`;
    this.noteLine = element('div', { class: 'note' }, note);
    this.scale = element('div', { class: 'scale', hidden: true }, this.low, this.legend, this.high);
    this.root = element(
      'figure',
      {},
      element('figcaption', {}, element('span', { class: 'name', title }, title), ...actions),
      this.noteLine,
      this.canvas,
      this.scale,
      this.value,
    );
    this.root.style.width = `${side}px`;
    this.unfollow = cursor.follow(() => this.draw());
    this.listen();
    this.draw();
  }

  note(text: string): void {
    this.noteLine.textContent = text;
  }

  show(map: QuantisedMap | null, backdrop: Backdrop | null = this.backdrop): void {
    this.backdrop = backdrop;
    if (map !== this.map) {
      this.map = map;
      this.bytes = map === null ? new Uint8Array() : bytesOf(map.data);
      this.cells = map === null ? null : coloured(map, this.bytes);
      this.scale.hidden = map === null;
      if (map !== null) this.drawLegend(map);
    }
    this.draw();
  }

  /** The same map over something else. */
  redraw(backdrop: Backdrop): void {
    this.show(this.map, backdrop);
  }

  dispose(): void {
    this.unfollow();
  }

  private drawLegend({ low, high, signed }: QuantisedMap): void {
    this.low.textContent = figure(low);
    this.high.textContent = figure(high);
    const strip = { width: 256, height: 1, signed };
    const context = this.legend.getContext('2d')!;
    context.drawImage(
      coloured(
        strip,
        Uint8Array.from({ length: 256 }, (_, index) => index),
      ),
      0,
      0,
    );
  }

  private draw(): void {
    const { canvas, cells, map, backdrop } = this;
    const context = canvas.getContext('2d')!;
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (backdrop?.picture) context.drawImage(backdrop.picture, 0, 0, canvas.width, canvas.height);
    if (cells !== null && map !== null) {
      const columns = backdrop?.cells.columns ?? map.width;
      const rows = backdrop?.cells.rows ?? map.height;
      context.imageSmoothingEnabled = false;
      context.globalAlpha = backdrop?.picture ? backdrop.opacity : 1;
      context.drawImage(cells, 0, 0, (canvas.width * map.width) / columns, (canvas.height * map.height) / rows);
      context.globalAlpha = 1;
    }
    const { place } = this.options.cursor;
    if (place !== null) this.drawCross(context, place);
    if (this.box !== null) this.drawBox(context, ...this.box);
    this.value.textContent = this.valueAt(place);
  }

  private drawCross(context: CanvasRenderingContext2D, { x, y }: NonNullable<Place>): void {
    const { width, height } = this.canvas;
    const [column, row] = [Math.round(x * width) + 0.5, Math.round(y * height) + 0.5];
    stroke(context, () => {
      context.moveTo(column, 0);
      context.lineTo(column, height);
      context.moveTo(0, row);
      context.lineTo(width, row);
    });
  }

  private drawBox(context: CanvasRenderingContext2D, from: NonNullable<Place>, to: NonNullable<Place>): void {
    const { width, height } = this.canvas;
    const [x, y] = [from.x * width, from.y * height];
    stroke(context, () => context.rect(x, y, to.x * width - x, to.y * height - y));
  }

  private gridSize(): { columns: number; rows: number } {
    return this.backdrop?.cells ?? { columns: this.map?.width ?? 1, rows: this.map?.height ?? 1 };
  }

  private valueAt(place: Place): string {
    const { map } = this;
    if (map === null || place === null) return ' ';
    const { columns, rows } = this.gridSize();
    const [x, y] = [Math.floor(place.x * columns), Math.floor(place.y * rows)];
    const byte = this.bytes[y * map.width + x];
    const where = `(${x}, ${y})`;
    if (byte === 255 && map.max > map.high) return `${where} ≥ ${figure(map.high)}, most ${figure(map.max)}`;
    if (byte === 0 && map.min < map.low) return `${where} ≤ ${figure(map.low)}, least ${figure(map.min)}`;
    return `${where} ${figure(map.low + (byte / 255) * (map.high - map.low))}`;
  }

  private listen(): void {
    const { canvas } = this;
    const { cursor, onChoose, onBox } = this.options;
    const placeOf = ({ offsetX, offsetY }: MouseEvent): NonNullable<Place> => {
      const { width, height } = canvas.getBoundingClientRect();
      return { x: Math.min(0.9999, Math.max(0, offsetX / width)), y: Math.min(0.9999, Math.max(0, offsetY / height)) };
    };
    canvas.addEventListener('pointermove', (event) => cursor.moveTo(placeOf(event)));
    canvas.addEventListener('pointerleave', () => cursor.moveTo(null));
    canvas.addEventListener('blur', () => cursor.moveTo(null));
    // The value of the map in focus is told to a screen reader, not that of every linked one.
    canvas.addEventListener('focus', () => this.value.setAttribute('aria-live', 'polite'));
    canvas.addEventListener('blur', () => this.value.setAttribute('aria-live', 'off'));
    this.value.setAttribute('aria-live', 'off');
    const preview = (box: typeof this.box): void => {
      this.box = box;
      this.draw();
    };
    const pen = onBox && new BoxPen(canvas, { placeOf, preview, finish: onBox });
    if (onChoose !== undefined) {
      canvas.classList.add('choosing');
      canvas.addEventListener('click', (event) => {
        if (!pen?.takesClick()) onChoose(placeOf(event), event);
      });
    }
    canvas.addEventListener('keydown', (event) => {
      const step = steps[event.key];
      if (step !== undefined) {
        const { columns, rows } = this.gridSize();
        const from = cursor.place ?? { x: 0.5, y: 0.5 };
        const moved = (at: number, cells: number, by: number): number =>
          (Math.min(Math.ceil(cells) - 1, Math.max(0, Math.floor(at * cells) + by)) + 0.5) / cells;
        cursor.moveTo({
          x: Math.min(0.9999, moved(from.x, columns, step[0])),
          y: Math.min(0.9999, moved(from.y, rows, step[1])),
        });
        pen?.follow(cursor.place!);
      } else if (event.key === 'Enter' && onChoose !== undefined && cursor.place !== null) {
        onChoose(cursor.place, event);
      } else if (event.key.toLowerCase() === 'b' && pen && cursor.place !== null) {
        pen.putCorner(cursor.place);
      } else if (event.key !== 'Escape' || !pen?.cancel()) return;
      event.preventDefault();
      event.stopPropagation();
    });
  }
}

const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
