import type { InspectorSummary, PictureQuery } from '../../src/protocol/inspector';
import type { Cursor } from './cursor';
import type { Backdrop } from './mapFigure';
import type { Requests } from './requests';

/** What every part of the page draws on. */
export interface Shown {
  readonly summary: InspectorSummary;
  readonly requests: Requests;
  /** Of all maps of the image. */
  readonly cursor: Cursor;
  slice: number;
  /** null until the picture is here. */
  picture: CanvasImageSource | null;
  /** Of maps over the picture. */
  opacity: number;
  /** Shows what failed, or null when something worked. */
  readonly tell: (problem: unknown) => void;
  readonly exportMap: (query: PictureQuery) => void;
  /** The slice or the prompts are others now. */
  readonly changed: () => void;
}

export const backdropOf = ({ picture, summary, opacity }: Shown): Backdrop => ({
  picture,
  cells: summary.cells,
  opacity,
});

export const aspectOf = ({ summary }: Shown): number => summary.width / summary.height;
