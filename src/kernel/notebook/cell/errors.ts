import { fileURLToPath } from 'node:url';
import { CancelledError, UserError } from '../../errors';
import type { Script } from './transpile';

/** A cell that is no TypeScript. `line` counts from 1; null when it is unknown. */
export class CellSyntaxError extends SyntaxError {
  override name = 'SyntaxError';
  constructor(
    message: string,
    readonly line: number | null,
    readonly source: string,
  ) {
    super(message);
  }
}

/** An error as a cell output. */
export interface ErrorOutput {
  readonly kind: 'error';
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

const scriptPattern = /med-sa-cell-(\d+)\.js:(\d+):(\d+)/;
const scriptFrame = /^(\s+at .*?)\(?(?:\S*\/)?med-sa-cell-(\d+)\.js:(\d+):(\d+)\)?/;

export const scriptName = (count: number): string => `med-sa-cell-${count}.js`;

/** What a thrown value says, with the lines of the cells that it came through: "Cell [3], line 2". */
export function describeError(thrown: unknown, count: number, scripts: ReadonlyMap<number, Script>): ErrorOutput {
  if (thrown instanceof CellSyntaxError) {
    const place = thrown.line === null ? `Cell [${count}]` : `Cell [${count}], line ${thrown.line}`;
    return error(
      'SyntaxError',
      thrown.message,
      `SyntaxError: ${thrown.message}\n    at ${place}\n        ${thrown.source}`,
    );
  }
  if (!isErrorLike(thrown)) return error('Error', `thrown: ${String(thrown)}`, '');
  const { name, message } = thrown;
  const frames = framesOf(thrown, scripts);
  // What a user did wrong is said in one line; the place in the cell is all that helps beside it.
  const shown = thrown instanceof UserError || thrown instanceof CancelledError ? frames.slice(0, 1) : frames;
  const cause = thrown.cause === undefined || thrown instanceof UserError ? [] : [`Caused by: ${String(thrown.cause)}`];
  return error(name, message, [`${name}: ${message}`, ...shown, ...cause].join('\n'));
}

export const interruptedOutput: ErrorOutput = {
  kind: 'error',
  name: 'Interrupted',
  message: 'the cell was interrupted; its variables are kept',
  stack: '',
};

const error = (name: string, message: string, stack: string): ErrorOutput => ({ kind: 'error', name, message, stack });

/** Errors of other realms are no instances of this realm's Error. */
function isErrorLike(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && 'message' in value && 'name' in value && 'stack' in value;
}

function framesOf({ stack }: Error, scripts: ReadonlyMap<number, Script>): string[] {
  const lines = (typeof stack === 'string' ? stack : '').split('\n').filter((line) => /^\s+at /.test(line));
  const frames = lines.map((line) => ({ line, cell: scriptPattern.test(line) }));
  // Below the outermost cell frame is only the machinery that evaluated it.
  const outermost = frames.map(({ cell }) => cell).lastIndexOf(true);
  return frames
    .slice(0, outermost + 1)
    .filter(({ line, cell }) => cell || !isMachinery(line))
    .map(({ line }) => atCell(line, scripts));
}

/** This program's own part in a call, and Node's. */
const ownFile = fileURLToPath(import.meta.url);
const isMachinery = (frame: string): boolean => frame.includes(ownFile) || frame.includes('node:internal');

function atCell(frame: string, scripts: ReadonlyMap<number, Script>): string {
  const match = scriptFrame.exec(frame);
  if (match === null) return frame;
  const [, head, cell, line, column] = match;
  const source = scripts.get(Number(cell))?.lineOf(Number(line), Number(column)) ?? null;
  const place = source === null ? `Cell [${cell}]` : `Cell [${cell}], line ${source}`;
  const called = head.replace(/^\s+at\s*/, '').trim();
  return `    at ${called === '' ? place : `${called} (${place})`}`;
}
