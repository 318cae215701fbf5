import { createHash } from 'node:crypto';
import path from 'node:path';
import type { InspectorEvent, InspectorRequest } from '../../protocol/inspector';
import { type ImageLibrary, versionOf } from '../annotation';
import { LeasedCache } from '../annotation/leasedCache';
import { UserError } from '../errors';
import { type AdapterInspector, InspectionSession } from '../inspection';

/** Opens the kernel's model with these adapters (an absolute path) for inspection. */
export type InspectorFactory = (adapters: string) => Promise<AdapterInspector>;

/** What is looked into. */
export interface InspectionSubject {
  readonly notebook: string;
  /** Absolute paths. */
  readonly folder: string;
  readonly file: string;
  readonly adapters: string;
  readonly slice: number;
  /** Of the whole volume. */
  readonly volume: number;
  /** Neighbouring slices that are looked at together; as many as the adapters were trained with by default. */
  readonly slices?: number;
}

/** An inspection that stays as long as it is open, and what lets it go. */
interface OpenInspection {
  readonly session: InspectionSession;
  readonly firstSlice: number;
  end(): Promise<void>;
}

/** Inspections that pages may ask; the bottlenecks' activations of each lie in the engine's memory. */
const openLimit = 4;

/** Where exported maps and tensors go, beside the notebook. */
const exportsFolder = 'inspections';

/**
 * Images that are looked into, by the id that outputs carry. The same question of the same notebook has the same id: a
 * cell that is run again, and a kernel that was started again, make no second one. Those of a closed notebook end, and
 * beyond a few, those that were asked longest ago.
 */
export class Inspections {
  /** Notebook of each that is open. */
  private readonly notebooks = new Map<string, string>();
  private readonly open: LeasedCache<OpenInspection>;
  private readonly inspectors = new LeasedCache<AdapterInspector>(1, (inspector) => inspector.dispose());

  constructor(
    private readonly create: InspectorFactory,
    private readonly images: ImageLibrary,
    limit = openLimit,
  ) {
    this.open = new LeasedCache<OpenInspection>(limit, (opened) => opened.end());
  }

  /** Looks into an image, once, and lends what was found. @throws UserError as opening the model or the image does */
  async inspect<R>(
    subject: InspectionSubject,
    work: (session: InspectionSession, slice: number) => R | Promise<R>,
    signal?: AbortSignal,
  ): Promise<R> {
    const weights = (await versionOf(subject.adapters)).version;
    const image = await versionOf(subject.file);
    const id = idOf(subject, [image.version, weights]);
    const begin = () => this.begin(id, weights, subject, signal);
    return this.open.use(id, begin, ({ session, firstSlice }) => work(session, subject.slice - firstSlice));
  }

  /** Answers a page; one that shows an inspection which is not there any more is told what to do. */
  async answer(request: InspectorRequest, signal?: AbortSignal): Promise<InspectorEvent> {
    const { inspection, viewId, requestId } = request;
    const gone = async (): Promise<OpenInspection> => {
      throw new UserError('This inspection is not in memory any more: run its cell, or the command, again.');
    };
    try {
      if (!this.notebooks.has(inspection)) await gone();
      return await this.open.use(inspection, gone, ({ session }) => session.answer(request, signal));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { viewId, requestId, type: 'inspector/error', message: error.message };
    }
  }

  /** Lends an open inspection. @throws UserError where it is not open any more */
  async use<R>(id: string, work: (session: InspectionSession) => R | Promise<R>): Promise<R> {
    return this.open.use(
      id,
      async () => {
        throw new UserError('this inspection is not in memory any more: inspect the image again');
      },
      ({ session }) => work(session),
    );
  }

  /** Ends the inspections of a notebook. */
  close(notebook: string): void {
    for (const [id, of] of this.notebooks) if (of === notebook) this.open.drop(id);
  }

  dispose(): void {
    this.open.clear();
    this.inspectors.clear();
  }

  /** The inspection leases its inspector, whose weights and programs all of one model share, until it ends. */
  private begin(
    id: string,
    weights: string,
    subject: InspectionSubject,
    signal?: AbortSignal,
  ): Promise<OpenInspection> {
    return new Promise((resolve, reject) => {
      const live = async (inspector: AdapterInspector) => {
        const { session, firstSlice } = await this.look(id, inspector, subject, signal);
        this.notebooks.set(id, subject.notebook);
        await new Promise<void>((ended) => {
          const end = async () => {
            this.notebooks.delete(id);
            await session.dispose().finally(ended);
          };
          resolve({ session, firstSlice, end });
        });
      };
      this.inspectors.use(weights, () => this.create(subject.adapters), live).catch(reject);
    });
  }

  private async look(id: string, inspector: AdapterInspector, subject: InspectionSubject, signal?: AbortSignal) {
    const { file, folder, slice, volume, slices = inspector.slices } = subject;
    if (!Number.isInteger(slices) || slices < 1) {
      throw new UserError(`slices is how many neighbours are inspected together: a whole number from 1, not ${slices}`);
    }
    const count = Math.min(slices, volume);
    const firstSlice = Math.max(0, Math.min(volume - count, slice - Math.floor(count / 2)));
    const version = await versionOf(file);
    const pictures = [];
    for (let at = 0; at < count; at++) pictures.push(await this.images.picture(version, firstSlice + at));
    const inspection = await inspector.inspect(pictures, signal);
    const exportFolder = path.join(folder, exportsFolder);
    return { session: new InspectionSession({ id, inspection, pictures, exportFolder, firstSlice }), firstSlice };
  }
}

/** Readable, for it begins the names of exported files; of one question only, for pages ask by it. */
function idOf({ notebook, file, slice, slices }: InspectionSubject, versions: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify([notebook, slice, slices ?? null, ...versions]));
  const readable = path
    .basename(file)
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .slice(0, 60);
  return `${readable}-${hash.digest('hex').slice(0, 12)}`;
}
