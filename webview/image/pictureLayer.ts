import type { IntensityWindow } from '../../src/protocol';
import type { Placement } from './camera';
import { type SliceImage, ToneCurve } from './tone';

/** A slice in grey levels, coloured anew only when the slice or the window changes. */
export class PictureLayer {
  private readonly curve = new ToneCurve();
  private canvas: OffscreenCanvas | null = null;
  private bytes: ImageData | null = null;
  private slice: SliceImage | null = null;
  private window: IntensityWindow = { low: NaN, high: NaN };

  draw(
    context: CanvasRenderingContext2D,
    slice: SliceImage,
    window: IntensityWindow,
    smooth: boolean,
    { left, top, scaleX, scaleY }: Placement,
    unit: number,
  ): void {
    const canvas = this.toned(slice, window);
    if (!canvas) return;
    context.save();
    const [stepX, stepY] = [scaleX * unit * slice.shrink, scaleY * unit * slice.shrink];
    context.setTransform(stepX, 0, 0, stepY, left * unit, top * unit);
    // Made smaller, pixels are always averaged: leaving some out would show what is not there.
    const shrunk = Math.abs(stepX) < 1 || Math.abs(stepY) < 1;
    // Blocks of a slice that is there in part are no pixels: they are never shown as such.
    context.imageSmoothingEnabled = smooth || shrunk || slice.shrink > 1;
    context.imageSmoothingQuality = shrunk ? 'high' : 'low';
    context.drawImage(canvas, 0, 0);
    context.restore();
  }

  dispose(): void {
    this.canvas = null;
    this.bytes = null;
    this.slice = null;
  }

  private toned(slice: SliceImage, window: IntensityWindow): OffscreenCanvas | null {
    const { width, height } = slice;
    const same = this.slice === slice && this.window.low === window.low && this.window.high === window.high;
    if (same) return this.canvas;
    if (this.canvas?.width !== width || this.canvas.height !== height) {
      this.canvas = new OffscreenCanvas(width, height);
      this.bytes = new ImageData(width, height);
    }
    const context = this.canvas.getContext('2d');
    if (!context || !this.bytes) return null;
    this.curve.apply(slice, window, new Uint32Array(this.bytes.data.buffer));
    context.putImageData(this.bytes, 0, 0);
    this.slice = slice;
    this.window = { ...window };
    return this.canvas;
  }
}
