import type { ImageInfoV1 as ImageInfo, PromptV1 as Prompt } from '../../src/protocol';
import { element } from '../shared/dom';
import { isHighContrast, onThemeChange } from '../shared/theme';
import { type Box, displayAspect, type Position } from './geometry';
import { MaskLayer, type MaskStyle } from './maskLayer';
import { PromptPen } from './promptLayer';

/** What lies over the picture. */
export interface Overlay {
  prompts: readonly Prompt[];
  pending: readonly Prompt[];
  draft: Box | null;
  cursor: Position | null;
}

/**
 * The picture fills the cell's width, but stays low enough to be seen as a whole. An output cannot ask how high the
 * notebook is (its own window is as high as all outputs together), so the screen has to tell.
 */
const screenPart = 0.6;
const leastHeight = 240;
const mostHeight = 640;

const maskStyle = (highContrast: boolean): MaskStyle => ({
  fill: [0, 190, 255, highContrast ? 0.3 : 0.38],
  line: highContrast ? '#00ffff' : '#4fd8ff',
  halo: 'rgb(0 0 0 / 55%)',
  lineWidth: highContrast ? 2 : 1.25,
});

/** The canvas: picture, mask, prompts and cursor, drawn at the screen's own resolution. */
export class Stage {
  readonly root: HTMLElement;
  readonly canvas = element('canvas', { tabindex: 0, role: 'application', 'aria-roledescription': 'medical image' });
  readonly mask = new MaskLayer(maskStyle(isHighContrast()));
  private readonly skeleton = element('div', { class: 'skeleton', 'aria-hidden': 'true' });
  private picture: ImageBitmap | null = null;
  private overlay: Overlay = { prompts: [], pending: [], draft: null, cursor: null };
  private frame = 0;
  private readonly resizes = new ResizeObserver(() => this.redraw());
  private readonly themes = onThemeChange(() => {
    this.mask.restyle(maskStyle(isHighContrast()));
    this.redraw();
  });

  /** `place`: the element whose width follows the picture's. */
  constructor(
    private image: ImageInfo,
    private readonly place: HTMLElement,
  ) {
    this.root = element('div', { class: 'stage' }, this.skeleton, this.canvas);
    this.setImage(image);
    this.resizes.observe(this.canvas);
  }

  get hasPicture(): boolean {
    return this.picture !== null;
  }

  setImage(image: ImageInfo): void {
    this.image = image;
    const aspect = displayAspect(image);
    const height = Math.min(Math.max(leastHeight, window.screen.height * screenPart), mostHeight);
    this.root.style.aspectRatio = String(aspect);
    this.place.style.setProperty('--stage-width', `${Math.round(height * aspect)}px`);
  }

  show(picture: ImageBitmap): void {
    this.picture?.close();
    this.picture = picture;
    this.skeleton.remove();
    this.redraw();
  }

  draw(overlay: Partial<Overlay>): void {
    this.overlay = { ...this.overlay, ...overlay };
    this.redraw();
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.resizes.disconnect();
    this.themes.dispose();
    this.picture?.close();
    this.picture = null;
  }

  /** However much changes at once, it is drawn once. */
  redraw(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  private paint(): void {
    const { canvas, picture, image } = this;
    const context = canvas.getContext('2d');
    const unit = window.devicePixelRatio || 1;
    const { width, height } = canvas.getBoundingClientRect();
    if (!context || !picture || width === 0 || height === 0) return;
    // Setting the size clears the canvas.
    canvas.width = Math.max(1, Math.round(width * unit));
    canvas.height = Math.max(1, Math.round(height * unit));
    const [scaleX, scaleY] = [canvas.width / image.width, canvas.height / image.height];

    // Enlarged, a pixel is a square with a value; smoothing would invent what was not measured.
    context.imageSmoothingEnabled = scaleX < 1 || scaleY < 1;
    context.imageSmoothingQuality = 'high';
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    this.mask.draw(context, scaleX, scaleY, unit);

    const pen = new PromptPen(context, scaleX, scaleY, unit);
    for (const prompt of this.overlay.prompts) pen.prompt(prompt, true);
    for (const prompt of this.overlay.pending) pen.prompt(prompt, false);
    if (this.overlay.draft) pen.draft(this.overlay.draft);
    if (this.overlay.cursor) pen.cursor(this.overlay.cursor);
  }
}
