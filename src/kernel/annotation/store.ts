import { createHash, randomUUID } from 'node:crypto';
import path from 'node:path';
import type { ImageOutput, ImageOutputV1 } from '../../protocol';
import type { ImageLibrary } from './images';
import { Journal } from './journal';
import { journalFormat } from './journalFile';
import { checkSlice } from './prompts';
import { AnnotationSession } from './session';

export interface OpenedSession {
  readonly session: AnnotationSession;
  /** Absolute path of the image. */
  readonly file: string;
}

/** A session, or one that is being opened, with the notebooks that use it. */
interface Held {
  readonly opening: Promise<OpenedSession>;
  readonly holders: Set<string>;
}

/** Sessions that no notebook uses any more and that stay for whoever opens their image again; the last ones used. */
const keptSessions = 16;

export interface OpenOptions {
  /** Relative to `folder`, or absolute. */
  readonly path: string;
  /** The middle slice by default. */
  readonly slice?: number;
  /** Names an annotation of its own; images opened under the same name share their prompts. */
  readonly annotation?: string;
}

/**
 * Annotation sessions by id. The same image opened again from the same folder is the same session, also after the
 * kernel was killed: its prompts lie in `<folder>/.med-sa/annotations/<sessionId>.jsonl`.
 */
export class AnnotationStore {
  /** By journal; those that were asked for longest ago first. */
  private readonly sessions = new Map<string, Held>();

  constructor(private readonly images: ImageLibrary) {}

  /**
   * Opens an image for annotation.
   * @param holder the notebook that uses it, until `leave`
   * @throws UserError for a missing file, one that is no image, or a missing slice.
   */
  async open(
    folder: string,
    options: OpenOptions,
    holder?: string,
  ): Promise<OpenedSession & { readonly output: ImageOutput & { readonly slice: number } }> {
    const file = path.resolve(folder, options.path);
    const shown = shownPath(folder, file);
    const opened = await this.sessionFor(folder, sessionId(shown, options.annotation ?? ''), file, holder);
    const { id: session, image } = opened.session;
    const slice = options.slice ?? opened.session.firstSlice;
    checkSlice(image, slice);
    const { path: shownAs, name, size, spacing } = image;
    const output = {
      version: 2 as const,
      viewId: randomUUID(),
      sessionId: session,
      image: { path: shownAs, name, size, spacing },
      slice,
    };
    return { ...opened, output };
  }

  /** Finds the session of an output that stands in a notebook, opening it where this kernel has not seen it yet. */
  attach(folder: string, output: ImageOutput | ImageOutputV1, holder?: string): Promise<OpenedSession> {
    const file = path.resolve(folder, output.image.path);
    const annotation = output.version === 2 ? (output.annotation ?? '') : '';
    return this.sessionFor(folder, output.sessionId ?? sessionId(shownPath(folder, file), annotation), file, holder);
  }

  /** A notebook was closed: what no other one uses, other kernels may change, and most of it leaves the memory. */
  async leave(holder: string): Promise<void> {
    for (const { holders } of this.sessions.values()) holders.delete(holder);
    const left = [...this.sessions].filter(([, { holders }]) => holders.size === 0);
    for (const [journalFile] of left.slice(0, -keptSessions)) this.sessions.delete(journalFile);
    await Promise.all(
      left.map(async ([, { opening, holders }]) => {
        const opened = await opening.catch(() => null);
        // Opened again meanwhile, it goes on.
        if (opened === null || holders.size > 0) return;
        await opened.session.forget(0);
        await opened.session.release();
      }),
    );
  }

  /** Lets other kernels change the sessions: when this one ends. */
  async release(): Promise<void> {
    const opened = await Promise.allSettled([...this.sessions.values()].map(({ opening }) => opening));
    await Promise.all(opened.map((one) => one.status === 'fulfilled' && one.value.session.release()));
  }

  private sessionFor(folder: string, id: string, file: string, holder?: string): Promise<OpenedSession> {
    const journalFile = path.join(folder, '.med-sa', 'annotations', `${id}.jsonl`);
    const held = this.sessions.get(journalFile) ?? this.begin(folder, id, file, journalFile);
    this.sessions.delete(journalFile);
    this.sessions.set(journalFile, held);
    if (holder !== undefined) held.holders.add(holder);
    return held.opening;
  }

  private begin(folder: string, id: string, file: string, journalFile: string): Held {
    const held = { opening: this.openSession(folder, id, file, journalFile), holders: new Set<string>() };
    // A failure is told, not kept: the file may be there the next time.
    held.opening.catch(() => {
      if (this.sessions.get(journalFile) === held) this.sessions.delete(journalFile);
    });
    return held;
  }

  private async openSession(folder: string, id: string, file: string, journalFile: string): Promise<OpenedSession> {
    const image = await this.images.info(file, shownPath(folder, file));
    const [width, height, slices] = image.size;
    const journal = await Journal.open(journalFile, {
      version: journalFormat,
      image: image.path,
      width,
      height,
      slices,
    });
    return { session: new AnnotationSession(id, image, journal), file };
  }
}

/** Relative where the image lies inside of the folder, so that a folder can be moved with its annotations. */
export function shownPath(folder: string, file: string): string {
  const relative = path.relative(folder, file);
  const outside = relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative);
  const inside = relative !== '' && !outside;
  return inside ? relative.split(path.sep).join('/') : file;
}

/** Names an annotation: by the path as its notebook shows it, and by a name of its own. */
export function sessionId(shown: string, annotation: string): string {
  const hash = createHash('sha256').update(`${shown}\0${annotation}`).digest('hex').slice(0, 12);
  const readable = path
    .basename(shown)
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 60);
  return `${readable || 'image'}-${hash}`;
}
