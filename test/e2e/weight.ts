// What the page, the extension host and our processes hold, after what is garbage has been collected.
import path from 'node:path';
import { processFigures, type ProcessFigures } from '../robustness/processes';
import { extensionProcesses } from './kernel';
import type { Workbench } from './window';

export interface Weight {
  /** Of the page with all its frames, as the browser counts them; memory in MiB. */
  readonly page: {
    readonly listeners: number;
    readonly nodes: number;
    readonly frames: number;
    readonly memoryMB: number;
  };
  /** Of VS Code's extension host, in which our extension runs. */
  readonly host: {
    readonly memoryMB: number;
    readonly handles: number;
    /** Objects that live, by the name of their class: VS Code's, Node's and ours. */
    readonly objects: Readonly<Record<string, number>>;
  };
  /** The programs that our extension has started: kernel, engine, cells. */
  readonly processes: readonly ({ readonly program: string } & ProcessFigures)[];
}

/** How much more there is after some rounds. */
export interface Growth {
  readonly rounds: number;
  readonly before: Weight;
  readonly after: Weight;
}

/** Weighs before and after some rounds of the same, of which the first ones do not count. */
export async function grown(
  window: Workbench,
  round: () => Promise<void>,
  { warmUp, rounds }: { readonly warmUp: number; readonly rounds: number },
): Promise<Growth> {
  for (let time = 0; time < warmUp; time++) await round();
  const before = await weigh(window);
  for (let time = 0; time < rounds; time++) await round();
  return { rounds, before, after: await weigh(window) };
}

/** Collects garbage everywhere, and weighs what is left. */
export async function weigh(window: Workbench): Promise<Weight> {
  const { objects, memoryMB, pid } = await weighHost(window);
  const programs = extensionProcesses(path.join(path.dirname(window.workspace), 'extensions'));
  return {
    page: await weighPage(window),
    host: { objects, memoryMB, handles: processFigures(pid)?.handles ?? 0 },
    processes: programs.flatMap((each) => {
      const figures = processFigures(each.pid);
      return figures ? [{ program: each.program, ...figures }] : [];
    }),
  };
}

async function weighPage({ page }: Workbench): Promise<Weight['page']> {
  const session = await page.context().newCDPSession(page);
  try {
    await session.send('Performance.enable');
    // What the first collection ends (observers, weak references) is garbage for the second.
    for (let time = 0; time < 2; time++) {
      await session.send('HeapProfiler.collectGarbage');
      await page.waitForTimeout(300);
    }
    const { metrics } = await session.send('Performance.getMetrics');
    const of = (name: string): number => metrics.find((each) => each.name === name)?.value ?? NaN;
    return {
      listeners: of('JSEventListeners'),
      nodes: of('Nodes'),
      frames: of('Frames'),
      memoryMB: of('JSHeapUsedSize') / 2 ** 20,
    };
  } finally {
    await session.detach();
  }
}

interface Inspector {
  connect(): void;
  disconnect(): void;
  post(
    method: string,
    params: object,
    take: (error: Error | null, result: { [name: string]: { objectId: string; value: unknown } }) => void,
  ): void;
}

/** Asks the inspector of the extension host's own process; a question for objects collects garbage first. */
async function weighHost(
  window: Workbench,
): Promise<{ objects: Record<string, number>; memoryMB: number; pid: number }> {
  return await window.api(() => {
    const { Session } = process.getBuiltinModule('node:inspector') as unknown as { Session: new () => Inspector };
    const session = new Session();
    session.connect();
    const ask = (method: string, params: object) => {
      let answer: { objectId: string; value: unknown } | undefined;
      // In one's own process answers come before `post` returns.
      session.post(method, params, (error, result) => {
        if (error) throw error;
        answer = result.result ?? result.objects;
      });
      return answer!;
    };
    try {
      const objectGroup = 'weight';
      const { objectId: prototypeObjectId } = ask('Runtime.evaluate', { expression: 'Object.prototype', objectGroup });
      const { objectId } = ask('Runtime.queryObjects', { prototypeObjectId, objectGroup });
      const count = function (this: object[]): Record<string, number> {
        const counts: Record<string, number> = {};
        for (const each of this) {
          // No getter runs: what stands on the prototype is read, not asked.
          const prototype = Object.getPrototypeOf(each) as object | null;
          const made: unknown = prototype && Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
          const name = typeof made === 'function' ? made.name : '';
          if (Object.hasOwn(counts, name)) counts[name]++;
          else counts[name] = 1;
        }
        return counts;
      };
      const question = { objectId, functionDeclaration: count.toString(), returnByValue: true };
      const objects = ask('Runtime.callFunctionOn', question).value as Record<string, number>;
      session.post('Runtime.releaseObjectGroup', { objectGroup }, () => undefined);
      return { objects, memoryMB: process.memoryUsage().heapUsed / 2 ** 20, pid: process.pid };
    } finally {
      session.disconnect();
    }
  });
}

/** What each round may leave, beyond what the compared rounds left: less than one of what is counted. */
const most = {
  listeners: 0.5,
  frames: 0.5,
  nodes: 150,
  handles: 0.5,
  objects: 0.75,
  pageMB: 1.5,
  hostMB: 1,
  processMB: 4,
};
/** The browser's count of listeners goes up and down by some, however many rounds there are. */
const noisyListeners = 8;
/** Of these a heap of some 60 MB makes and drops many by itself; the memory that they take is limited. */
const common = new Set(['Object', 'Function', 'Array', 'Promise', '']);

/**
 * What grew with every round more than it did in the rounds that are compared, in words; nothing: an empty list.
 * Without `listeners` those of the page are not looked at. Programs must be the same before and after.
 */
export function leftBehind(ours: Growth, compared?: Growth, { listeners = true } = {}): string[] {
  const left: string[] = [];
  const look = (what: string, of: (weight: Weight) => number, limit: number, least = 0): void => {
    const each = ({ before, after, rounds }: Growth): number => (of(after) - of(before)) / rounds;
    const more = each(ours) - (compared ? Math.max(0, each(compared)) : 0);
    if (more >= limit && more * ours.rounds >= least)
      left.push(`${what}: ${more.toFixed(2)} more each time (${of(ours.before)}, then ${of(ours.after)})`);
  };
  if (listeners) look('listeners of the page', ({ page }) => page.listeners, most.listeners, noisyListeners);
  look('frames of the page', ({ page }) => page.frames, most.frames);
  look('nodes of the page', ({ page }) => page.nodes, most.nodes);
  look('memory of the page, MiB', ({ page }) => page.memoryMB, most.pageMB);
  look('memory of the extension host, MiB', ({ host }) => host.memoryMB, most.hostMB);
  look('handles of the extension host', ({ host }) => host.handles, most.handles);
  for (const name of Object.keys(ours.after.host.objects)) {
    if (!common.has(name)) look(`objects of class ${name}`, ({ host }) => host.objects[name] ?? 0, most.objects);
  }
  const [before, after] = [ours.before, ours.after].map(({ processes }) =>
    processes.map(({ program }) => program).sort(),
  );
  if (before.join() !== after.join()) left.push(`programs: ${before.join(', ')}; then ${after.join(', ')}`);
  for (const program of new Set(after)) {
    const sum = (of: 'handles' | 'memoryMB') => (weight: Weight) =>
      weight.processes.filter((each) => each.program === program).reduce((total, each) => total + each[of], 0);
    look(`handles of ${program}`, sum('handles'), most.handles);
    look(`memory of ${program}, MiB`, sum('memoryMB'), most.processMB);
  }
  return left;
}

/** The same in figures, for whoever measures. */
export function growthText(name: string, { before, after, rounds }: Growth): string {
  const from = ({ page, host, processes }: Weight): string =>
    [
      `${page.listeners} listeners, ${page.nodes} nodes, ${page.frames} frames, ${page.memoryMB.toFixed(1)} MiB in the page`,
      `${host.handles} handles, ${host.memoryMB.toFixed(1)} MiB in the extension host`,
      ...processes.map((each) => `${each.program} ${each.handles} handles, ${each.memoryMB.toFixed(0)} MiB`),
    ].join('; ');
  return `${name}, ${rounds} times: ${from(before)} → ${from(after)}`;
}
