import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import type { CellOutput, OutputItem } from '../../../protocol';

/** A value with a picture of its own: what its method of this name returns is shown instead of its text. */
export const displayed = Symbol.for('med-sa.display');

interface Displayable {
  [displayed](): OutputItem[] | Promise<OutputItem[]>;
}

const isDisplayable = (value: unknown): value is Displayable =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, displayed) === 'function';

export const textItem = (text: string): OutputItem => ({ mime: 'text/plain', encoding: 'utf8', data: text });
export const pngItem = (base64: string): OutputItem => ({ mime: 'image/png', encoding: 'base64', data: base64 });
export const jsonItem = (mime: string, value: unknown): OutputItem => ({
  mime,
  encoding: 'utf8',
  data: JSON.stringify(value),
});

/** How a value is shown below its cell. Only a value's own picture may take a while. */
export function representations(value: unknown): OutputItem[] | Promise<OutputItem[]> {
  if (isDisplayable(value)) return value[displayed]();
  if (value instanceof Uint8Array && isPng(value)) {
    return [pngItem(Buffer.from(value).toString('base64')), textItem(`PNG, ${value.length} bytes`)];
  }
  return [
    textItem(
      typeof value === 'string' ? value : inspect(value, { depth: 3, maxArrayLength: 50, maxStringLength: 5000 }),
    ),
  ];
}

const isPng = (bytes: Uint8Array): boolean =>
  bytes.length > 8 && Buffer.from(bytes.subarray(1, 4)).toString('latin1') === 'PNG';

/** A display that later calls replace in place. */
export class LiveDisplay {
  private readonly id = randomUUID();
  private shown = false;

  constructor(private readonly emit: (output: CellOutput) => void) {}

  show(items: OutputItem[]): void {
    this.emit({ kind: 'display', displayId: this.id, replace: this.shown, items });
    this.shown = true;
  }
}

/** Text of one cell beyond this is cut: an endless loop that prints must not fill the notebook. */
const streamLimit = 2_000_000;
const flushAfterMs = 40;
const flushAtLength = 16_384;

/** Gathers what a cell prints into few messages, in order with its displays, without holding anything back for long. */
export class StreamBuffer {
  private name: 'stdout' | 'stderr' = 'stdout';
  private text = '';
  private printed = 0;
  private lastFlush = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly emit: (output: CellOutput) => void) {}

  /** A new cell begins. */
  restart(): void {
    this.flush();
    this.printed = 0;
  }

  write(name: 'stdout' | 'stderr', text: string): void {
    if (this.printed > streamLimit) return;
    this.printed += text.length;
    if (name !== this.name) this.flush();
    this.name = name;
    this.text +=
      this.printed > streamLimit ? `${text}\n[the cell prints more than this; the rest is not shown]\n` : text;
    // No timer runs while a loop prints without a pause, so the clock decides as well.
    if (this.text.length >= flushAtLength || Date.now() - this.lastFlush >= flushAfterMs) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), flushAfterMs);
  }

  flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.lastFlush = Date.now();
    if (this.text === '') return;
    const text = this.text;
    this.text = '';
    this.emit({ kind: 'stream', name: this.name, text });
  }
}
