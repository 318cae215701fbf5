import { theme } from '../shared/theme';
import { look } from './colours';
import type { FigureView } from './figureView';
import type { Line } from './figures';

const margin = 12;
const lineHeight = 18;

/** The figures as they are shown, one above the other, with their legends, in the page's colours and resolution. */
export async function pictureOf(
  title: string,
  views: readonly FigureView[],
  isHidden: (line: Line) => boolean,
): Promise<Blob> {
  const scale = devicePixelRatio;
  const parts = views.flatMap(({ shown, plot }) => (shown && plot.canvas ? [{ shown, canvas: plot.canvas }] : []));
  const rowsOf = (lines: readonly Line[]) => Math.ceil(lines.length / 2);
  const sizes = parts.map(({ shown, canvas }) => ({
    lines: shown.lines.filter((line) => !isHidden(line)),
    width: canvas.width / scale,
    height: canvas.height / scale,
  }));
  const width = Math.max(...sizes.map((size) => size.width)) + 2 * margin;
  const height = sizes.reduce(
    (sum, size) => sum + size.height + (1 + rowsOf(size.lines)) * lineHeight + margin,
    3 * margin,
  );
  const sheet = document.createElement('canvas');
  sheet.width = Math.round(width * scale);
  sheet.height = Math.round((height + lineHeight) * scale);
  const context = sheet.getContext('2d');
  if (!context) throw new Error('The picture could not be drawn: the browser gave no canvas.');
  context.scale(scale, scale);
  context.fillStyle = theme(
    'editor-background',
    document.body.classList.contains('vscode-light') ? '#ffffff' : '#1f1f1f',
  );
  context.fillRect(0, 0, width, height + lineHeight);
  const ink = theme('foreground', '#888888');
  const family = theme('font-family', 'sans-serif');
  const write = (text: string, x: number, y: number, weight = '') => {
    context.fillStyle = ink;
    context.font = `${weight} 12px ${family}`;
    context.fillText(text, x, y);
  };

  let y = margin + lineHeight;
  write(title, margin, y - 5, 'bold');
  parts.forEach(({ shown, canvas }, index) => {
    const size = sizes[index];
    write(shown.title, margin, (y += lineHeight) - 5);
    context.drawImage(canvas, margin, y, size.width, size.height);
    y += size.height;
    size.lines.forEach((line, at) => {
      const left = margin + (at % 2) * (size.width / 2);
      const top = y + Math.floor(at / 2) * lineHeight;
      drawSwatch(context, line, left, top + lineHeight / 2);
      write(line.label, left + 30, top + lineHeight - 5);
    });
    y += rowsOf(size.lines) * lineHeight + margin;
  });
  const blob = await new Promise<Blob | null>((resolve) => sheet.toBlob(resolve, 'image/png'));
  if (!blob) throw new Error('The picture could not be made: it would be too large.');
  return blob;
}

function drawSwatch(context: CanvasRenderingContext2D, line: Line, x: number, y: number): void {
  const { colour, dash } = look(line.hue, line.pattern);
  context.strokeStyle = colour;
  context.lineWidth = 2.5;
  context.setLineDash([...dash]);
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + 24, y);
  context.stroke();
  context.setLineDash([]);
}
