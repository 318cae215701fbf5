import { expect } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { Annotating, differences, isOnTheWayTo, scriptOf, showsMask, type Checkpoint, type Step } from './annotation';

/** What happened to the kernels. */
export interface Survived {
  kills: number;
  /** At a file operation, or within one; else at any moment. */
  atOperations: number;
  /** The step under way was kept, though nobody had been told. */
  keptUntold: number;
  /** Masks that the page had been shown, counted at every kill. */
  masksShown: number;
  scripts: number;
}

/** Plays a script to a kernel that nobody kills. @returns the session before it and after each step */
async function courseOf(annotating: Annotating, script: readonly Step[]): Promise<Checkpoint[]> {
  annotating.forget();
  await annotating.open();
  const course = [await annotating.look()];
  for (const step of script) {
    await annotating.play(step);
    course.push(await annotating.look());
  }
  await annotating.kill();
  return course.map((checkpoint) => checkpoint!);
}

/**
 * Plays scripts of `length` steps to kernels that are killed, until so many were, and goes on after each kill with what is
 * there. What the page had been shown must be there, without any model to ask; in the end everything as if nobody had
 * been killed.
 */
export async function survive(folder: string, kills: number, length: number, seed: number): Promise<Survived> {
  const random = new Random(seed);
  const annotating = await Annotating.in(folder);
  const figures: Survived = { kills: 0, atOperations: 0, keptUntold: 0, masksShown: 0, scripts: 0 };
  while (figures.kills < kills) {
    const script = scriptOf(random.fork(`script ${figures.scripts}`), length);
    const course = await courseOf(annotating, script);
    annotating.forget();
    let done = 0;
    // Masks that nobody was shown before a kill, and nobody since.
    let lacking: ReadonlySet<string> = new Set();
    while (done < length) {
      const dying = figures.kills < kills;
      const atOperation = dying && random.chance(0.7);
      const death = atOperation ? { at: String(1 + random.integer(40)), within: random.chance(0.5) } : {};
      const moment = dying && !atOperation ? done + random.integer(Math.min(8, length - done)) : null;
      let alive = (await annotating.open(death)) && (await annotating.look()) !== null;
      let acknowledged = done;
      if (alive) lacking = new Set();
      while (alive && done < length) {
        const killing = moment === done ? annotating.kill(random.integer(25)) : null;
        done++;
        alive = await annotating.play(script[done - 1]);
        if (alive) acknowledged = done;
        await killing;
        if (killing !== null) alive = false;
        if (alive) {
          const now = await annotating.look();
          if (now === null) alive = false;
          else expect(now).toEqual(course[done]);
        }
      }
      if (alive) {
        await annotating.kill();
        break;
      }
      figures.kills++;
      if (atOperation) figures.atOperations++;
      ({ done, lacking } = await checkAfterKill(annotating, course, { at: done, acknowledged, lacking }, figures));
    }
    figures.scripts++;
  }
  return figures;
}

interface Interrupted {
  /** The step in which it was killed; as many were answered for certain. */
  readonly at: number;
  readonly acknowledged: number;
  readonly lacking: ReadonlySet<string>;
}

/** @returns how many steps of the script the session holds after a kill, and which of its masks have to be asked again */
async function checkAfterKill(
  annotating: Annotating,
  course: readonly Checkpoint[],
  { at, acknowledged, lacking }: Interrupted,
  figures: Survived,
): Promise<{ done: number; lacking: ReadonlySet<string> }> {
  const shown = annotating.shown();
  figures.masksShown += [...shown.values()].filter(showsMask).length;
  const before = Math.max(0, at - 1);
  // What the page was told last: of this step, or of the one before it.
  const agrees = (step: number) => [...shown].every(([key, text]) => isOnTheWayTo(text, course[step].seen.get(key)));
  const told = Math.max(acknowledged, agrees(before) ? before : at);
  expect(agrees(told) || agrees(at), `the page shows step ${before} or ${at}`).toBe(true);

  const found = await annotating.lookWithoutModel();
  const kept = found!.lines === course[at].lines ? at : before;
  expect(found!.lines).toBe(course[kept].lines);
  expect(kept).toBeGreaterThanOrEqual(told);
  const missing = differences(found!.seen, course[kept].seen);
  // Of a step that nobody was told of, masks may be missing, and go on missing until somebody is shown them.
  const untold = new Set([...lacking, ...(kept > told ? differences(course[told].seen, course[kept].seen) : [])]);
  expect(missing.filter((key) => !untold.has(key) || shown.get(key) === course[kept].seen.get(key))).toEqual([]);
  expect({ undo: found!.undo, redo: found!.redo }).toEqual({ undo: course[kept].undo, redo: course[kept].redo });
  if (kept > told) figures.keptUntold++;
  await annotating.kill();
  return { done: kept, lacking: new Set(missing) };
}
