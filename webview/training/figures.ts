import type { CurveName } from '../../src/protocol';
import type { Points } from './points';
import type { RunCurves } from './runCurves';

export interface ShownRun {
  readonly name: string;
  readonly curves: RunCurves;
}

/** One line of a figure. */
export interface Line {
  /** Stays the same while a run grows: what a click in the legend hides stays hidden. */
  readonly id: string;
  readonly label: string;
  readonly points: Points;
  /** Drawn instead, with the points faint behind it. */
  readonly average: Points | null;
  readonly hue: number;
  readonly pattern: number;
  readonly dots: boolean;
  /** Hidden until it is asked for. */
  readonly extra: boolean;
}

export interface Figure {
  readonly id: 'loss' | 'dice' | 'iou' | 'learningRate' | 'gradientNorm';
  readonly title: string;
  readonly bounded: boolean;
  readonly lines: readonly Line[];
}

/** Which validation scores are shown: the mean over the cases, one class, or every class by itself. */
export type ClassChoice = { readonly kind: 'mean' | 'every' } | { readonly kind: 'class'; readonly name: string };

export interface FigureChoices {
  /** 0: curves as they are. */
  readonly smoothing: number;
  readonly classes: ClassChoice;
}

const kinds = [
  { id: 'loss', title: 'Training loss', smooth: true, bounded: false },
  { id: 'dice', title: 'Validation Dice', smooth: false, bounded: true },
  { id: 'iou', title: 'Validation IoU', smooth: false, bounded: true },
  { id: 'learningRate', title: 'Learning rate', smooth: false, bounded: false },
  { id: 'gradientNorm', title: 'Gradient norm', smooth: true, bounded: false },
] as const;

/** The figures of some runs: loss and Dice always, the others where a run tells of them. */
export function figuresOf(runs: readonly ShownRun[], choices: FigureChoices): Figure[] {
  return kinds
    .map(({ id, title, smooth, bounded }) => {
      const memory = smooth ? choices.smoothing : 0;
      const shown = (name: CurveName) => name.quantity === id && isChosen(name, choices.classes);
      return { id, title, bounded, lines: linesOf(runs, shown, memory, bounded) };
    })
    .filter(({ id, lines }) => id === 'loss' || id === 'dice' || lines.length > 0);
}

/** Names of the classes that any run was validated on; none where there is one only. */
export function classesOf(runs: readonly ShownRun[]): string[] {
  const names = runs.flatMap(({ curves }) =>
    curves.list().flatMap(({ name }) => (name.quantity === 'dice' && name.class !== null ? [name.class] : [])),
  );
  const distinct = [...new Set(names)];
  return distinct.length > 1 ? distinct : [];
}

function isChosen(name: CurveName, choice: ClassChoice): boolean {
  if (name.quantity !== 'dice' && name.quantity !== 'iou') return true;
  if (choice.kind === 'mean') return name.class === null;
  return choice.kind === 'class' ? name.class === choice.name : name.class !== null;
}

function linesOf(
  runs: readonly ShownRun[],
  shown: (name: CurveName) => boolean,
  memory: number,
  dots: boolean,
): Line[] {
  const several = runs.length > 1;
  // Several runs: a hue each, and patterns tell their curves apart. One run: a hue for each curve.
  const seen: string[] = [];
  const place = (text: string) => (seen.includes(text) ? seen.indexOf(text) : seen.push(text) - 1);
  return runs.flatMap(({ name: runName, curves }, run) =>
    curves
      .list()
      .filter(({ name }) => shown(name))
      .map((curve): Line => {
        const text = textOf(curve.name);
        const { hue, pattern } = several ? { hue: run, pattern: place(text) } : { hue: place(text), pattern: 0 };
        return {
          id: JSON.stringify([several ? run : 0, curve.name]),
          label: several ? `${runName} · ${text}` : text,
          points: curve.points,
          average: memory > 0 ? curves.averaged(curve, memory) : null,
          hue,
          pattern,
          dots,
          extra: several && curve.name.quantity === 'loss' && curve.name.part !== undefined,
        };
      }),
  );
}

/** What a curve is called beside others of its figure. */
export function textOf(name: CurveName): string {
  switch (name.quantity) {
    case 'loss':
      return name.part ?? 'loss';
    case 'learningRate':
      return 'learning rate';
    case 'gradientNorm':
      return 'gradient norm';
    default:
      return name.class === null ? name.setting : `${name.class}, ${name.setting}`;
  }
}
