// A person's work on a volume as a script, played to kernels that are killed in the middle of it.
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../../src/kernel/datasets';
import type { ImageRequest, Prompt } from '../../../src/protocol';
import { KernelUnderTest } from '../../integration/kernel/client';
import { bundled } from '../../support/bundle';
import { drawBodies, writeBodies } from '../../support/drawnVolume';
import { killable, type Death } from '../../support/killedRun';
import { ViewMirror } from '../../support/viewMirror';

type Untold<T> = T extends unknown ? Omit<T, 'viewId'> : never;
type Attach = Untold<Extract<ImageRequest, { type: 'viewer/attach' }>>;
export type Step = Untold<Exclude<ImageRequest, { type: 'viewer/attach' }>>;

/** 48 × 40 × 8 voxels: two bodies that reach through several slices. */
const size = [48, 40, 8] as const;
const bodies = [
  { middle: [16, 20, 4], radii: [10, 10, 4], level: 900 },
  { middle: [37, 20, 4], radii: [8, 12, 5], level: 400 },
] as const;

const drawScan = (folder: string): Promise<void> =>
  writeBodies(drawBodies(size, bodies, 0), path.join(folder, 'scan.nii.gz'));

/** Clicks, boxes, strokes, objects, clean-ups, undo and propagations, drawn by chance. */
export function scriptOf(random: Random, length: number): Step[] {
  const objects = ['object-1'];
  let names = 0;
  const slice = () => 2 + random.integer(4);
  const place = (): [number, number] => {
    const { middle, radii } = random.pick(bodies);
    return [middle[0] + random.uniform(-0.7, 0.7) * radii[0], middle[1] + random.uniform(-0.7, 0.7) * radii[1]];
  };
  const where = () => ({ object: random.pick(objects), slice: slice() });
  const added = (prompt: Prompt): Step => ({ type: 'viewer/prompt/add', ...where(), id: `prompt-${++names}`, prompt });
  const kinds: [share: number, step: () => Step][] = [
    [
      10,
      () => {
        const [x, y] = place();
        return added({ kind: 'point', x, y, label: random.chance(0.8) ? 1 : 0 });
      },
    ],
    [
      4,
      () => {
        const [x, y] = place();
        return added({ kind: 'box', x0: x - 5, y0: y - 4, x1: x + 4, y1: y + 5 });
      },
    ],
    [
      4,
      () => ({
        ...{ type: 'viewer/stroke', ...where(), erase: random.chance(0.4) },
        points: [place(), place()],
        radius: 2,
      }),
    ],
    [4, () => ({ type: 'viewer/undo' })],
    [2, () => ({ type: 'viewer/redo' })],
    [3, () => ({ type: 'viewer/propagate', object: random.pick(objects), from: slice(), direction: 'both', to: null })],
    [1, () => ({ type: 'viewer/fill', object: random.pick(objects), slice: null })],
    [1, () => ({ type: 'viewer/largest', object: random.pick(objects), slice: slice() })],
    [1, () => ({ type: 'viewer/clear', object: random.pick(objects), slice: slice() })],
  ];
  const all = kinds.flatMap(([share, step]) => Array<() => Step>(share).fill(step));
  return Array.from({ length }, (_, index) => {
    // A second object when the first has seen something.
    if (index === Math.floor(length / 4)) {
      objects.push('object-2');
      return { type: 'viewer/object/add', object: 'object-2', properties: { label: 'other' } };
    }
    return random.pick(all)();
  });
}

/** Everything that a person sees of a session, by object and slice. */
type Seen = ReadonlyMap<string, string>;

/** A session after so many steps of the script. */
export interface Checkpoint {
  readonly seen: Seen;
  readonly undo: string | null;
  readonly redo: string | null;
  /** Lines of the journal that are no answers: one for each step that did something. */
  readonly lines: number;
}

/** One page, and the kernels that serve it one after the other. */
export class Annotating {
  private kernel!: KernelUnderTest;
  private dead!: Promise<false>;
  private mirror = new ViewMirror('page');

  private constructor(
    private readonly entry: string,
    /** Holds the scan. */
    private readonly folder: string,
  ) {}

  static async in(folder: string): Promise<Annotating> {
    await drawScan(folder);
    return new Annotating(await bundled('test/integration/kernel/kernelUnderTest.ts', 'kernel'), folder);
  }

  /** Starts a kernel, which dies at one of its file operations among the annotations. @returns whether it lives */
  async open(death: Death = {}): Promise<boolean> {
    const mirror = new ViewMirror('page');
    this.mirror = mirror;
    const env = { ...killable(this.annotations, death), NO_MODEL: this.noModel };
    this.kernel = new KernelUnderTest(this.entry, this.folder, env);
    const { child } = this.kernel;
    this.dead = new Promise((resolve) => child.once('exit', () => resolve(false)));
    this.kernel.onEvent((event) => mirror.receive(event));
    const output = { version: 2, image: { path: 'scan.nii.gz' } } as const;
    return this.answered({ type: 'viewer/attach', version: 2, output });
  }

  /** @returns whether it was answered; else the kernel died */
  play(step: Step): Promise<boolean> {
    return this.answered(step);
  }

  async kill(afterMs = 0): Promise<void> {
    await sleep(afterMs);
    await this.kernel.kill();
  }

  /** What the page has been shown. */
  shown(): Seen {
    return new Map([...this.mirror.shown].map(([key, one]) => [key, textOf(one)] as const));
  }

  /** What the session holds: every slice is shown, and answered where it is not. null: the kernel died meanwhile. */
  async look(): Promise<Checkpoint | null> {
    for (let slice = 0; slice < size[2]; slice++) {
      const before = this.mirror.events.length;
      const asked: Step = { type: 'viewer/slices', plane: 'axial', indices: [slice], pixels: false };
      if (!(await this.answered(asked))) return null;
      const told = this.mirror.events.slice(before);
      if (!told.some((event) => event.type === 'viewer/slice' && event.index === slice)) {
        throw new Error(`slice ${slice} was not told`);
      }
    }
    const { undo, redo } = this.mirror.state!;
    const seen = new Map([...this.shown()].filter(([, text]) => text !== ''));
    return { seen, undo, redo, lines: this.lines() };
  }

  /** What it holds without any model to ask. */
  async lookWithoutModel(): Promise<Checkpoint | null> {
    fs.writeFileSync(this.noModel, '');
    try {
      await this.kill();
      return (await this.open()) ? await this.look() : null;
    } finally {
      fs.rmSync(this.noModel);
    }
  }

  /** Whole lines of the journal that are no answers. */
  lines(): number {
    const names = fs.existsSync(this.annotations) ? fs.readdirSync(this.annotations) : [];
    const journal = names.find((name) => name.endsWith('.jsonl'));
    if (journal === undefined) return 0;
    const lines = fs.readFileSync(path.join(this.annotations, journal), 'utf8').split('\n').slice(0, -1);
    return lines.slice(1).filter((line) => (JSON.parse(line) as { edit: string }).edit !== 'answer').length;
  }

  forget(): void {
    fs.rmSync(this.annotations, { recursive: true, force: true });
  }

  private get annotations(): string {
    return path.join(this.folder, '.med-sa', 'annotations');
  }

  private get noModel(): string {
    return path.join(this.folder, 'no-model');
  }

  private async answered(step: Step | Attach): Promise<boolean> {
    const { child } = this.kernel;
    if (child.exitCode !== null || child.signalCode !== null) return false;
    const { dead } = this;
    const asked = this.kernel.view({ ...step, viewId: 'page' } as ImageRequest);
    return Promise.race([asked.then(() => true as const), dead]).catch(() => dead);
  }
}

function textOf({ prompts, mask }: { readonly prompts: readonly unknown[]; readonly mask: Uint8Array }): string {
  const drawn = mask.some((value) => value !== 0) ? Buffer.from(mask).toString('hex') : '';
  return prompts.length === 0 && drawn === '' ? '' : `${JSON.stringify(prompts)} ${drawn}`;
}

/** Where two do not show the same; what is not named shows nothing. */
export const differences = (one: Seen, other: Seen, keys: Iterable<string> = [...one.keys(), ...other.keys()]) =>
  [...new Set(keys)].filter((key) => (one.get(key) ?? '') !== (other.get(key) ?? ''));

export const showsMask = (text: string): boolean => text !== '' && !text.endsWith(' ');

/** Whether somebody who is shown `text` sees `all`, or its prompts, whose mask is being asked for. */
export const isOnTheWayTo = (text: string, all = ''): boolean =>
  text === all || (text !== '' && !showsMask(text) && all.startsWith(text));
