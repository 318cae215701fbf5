import sharp from 'sharp';
import type { RunSummary } from '../../protocol';

/** Of one panel, pixels. */
const size = { width: 320, height: 200 } as const;
const margin = { left: 44, right: 12, top: 28, bottom: 26 } as const;
/** Told apart by eyes that do not see red and green as two (Okabe & Ito). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7'];

type Points = readonly (readonly [step: number, value: number])[];

/**
 * Loss and validation Dice of a run as a PNG, for viewers that do not know the live output. White paper in every theme:
 * a saved notebook may be read anywhere.
 */
export function curvePng(summary: RunSummary): Promise<Buffer> {
  const panels = [
    panel('loss', { loss: smoothed(summary.loss) }, null),
    panel('validation Dice', summary.dice, [0, 1]),
  ].map((content, index) => `<g transform="translate(${index * size.width} 0)">${content}</g>`);
  const [width, height] = [2 * size.width, size.height];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="11"><rect width="${width}" height="${height}" fill="white"/>${panels.join('')}</svg>`;
  return sharp(Buffer.from(svg)).png({ palette: true }).toBuffer();
}

/** Means over fiftieths of the run: single steps jump with their images. */
function smoothed(points: Points): Points {
  const length = Math.max(1, Math.floor(points.length / 50));
  return Array.from({ length: Math.ceil(points.length / length) }, (_, index) => {
    const some = points.slice(index * length, (index + 1) * length);
    return [some[some.length - 1][0], some.reduce((sum, [, value]) => sum + value, 0) / some.length] as const;
  });
}

function panel(
  title: string,
  curves: Readonly<Record<string, Points>>,
  range: readonly [number, number] | null,
): string {
  const all = Object.values(curves).flat();
  const last = Math.max(1, ...all.map(([step]) => step));
  const [low, high] = range ?? [0, Math.max(1e-6, ...all.map(([, value]) => value)) * 1.05];
  const x = (step: number): number => margin.left + (step / last) * (size.width - margin.left - margin.right);
  const y = (value: number): number =>
    size.height - margin.bottom - ((value - low) / (high - low)) * (size.height - margin.top - margin.bottom);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = low + share * (high - low);
    const at = y(value).toFixed(1);
    return `<path d="M${margin.left} ${at}H${size.width - margin.right}" stroke="#ddd"/><text x="${margin.left - 5}" y="${at}" dy="4" text-anchor="end" fill="#555">${value.toFixed(2)}</text>`;
  });
  const drawn = Object.entries(curves).map(([name, points], index) => {
    const colour = colours[index % colours.length];
    const path = points.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    const dots = points.length > 50 ? '' : points.map(([step, value]) => dot(x(step), y(value), colour)).join('');
    const label = `<tspan dx="8" fill="${colour}">${escaped(name)}</tspan>`;
    return { curve: `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>${dots}`, label };
  });
  const heading = `<text x="${margin.left}" y="16" fill="#222" font-weight="bold">${title}</text>`;
  const legend = `<text x="${size.width - margin.right}" y="16" text-anchor="end">${drawn.map(({ label }) => label).join('')}</text>`;
  const axis = `<text x="${size.width - margin.right}" y="${size.height - 8}" text-anchor="end" fill="#555">step ${last}</text>`;
  return grid.join('') + drawn.map(({ curve }) => curve).join('') + heading + legend + axis;
}

const dot = (x: number, y: number, colour: string): string =>
  `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="2.2" fill="${colour}"/>`;

/** Names of prompt settings come from a file. */
const escaped = (text: string): string => text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
