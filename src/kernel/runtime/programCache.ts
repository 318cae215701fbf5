import type { Executor, Loaded, Program } from './types';

/** The programs that an executor keeps ready, least recently used ones leaving first. */
export interface ProgramCache {
  /**
   * The loaded program of this key; built and loaded when it is not there. Concurrent calls build it once, and a build
   * that fails is tried again by the next call. Take it anew for each run: a program not asked for may be released.
   */
  get(key: string, build: () => Program | Promise<Program>): Promise<Loaded>;
  /** Releases every program. */
  clear(): Promise<void>;
}

/** @param limit how many programs stay loaded; at least as many as are in use at one time */
export function createProgramCache(executor: Executor, limit: number): ProgramCache {
  if (!Number.isInteger(limit) || limit < 1)
    throw new RangeError(`a program cache holds 1 or more programs, not ${limit}`);
  // A Map keeps its order of insertion: first = least recently used.
  const entries = new Map<string, Promise<Loaded>>();

  const evict = async (entry: Promise<Loaded>): Promise<void> => {
    const loaded = await entry.catch(() => null); // a failed build has told its own caller, and holds nothing
    if (loaded) await executor.release(loaded);
  };

  /** Takes the oldest entries out until `room` more fit. */
  const takeOldest = (room: number): Promise<Loaded>[] => {
    const oldest = [...entries.keys()].slice(0, Math.max(0, entries.size + room - limit));
    return oldest.map((key) => {
      const entry = entries.get(key)!;
      entries.delete(key);
      return entry;
    });
  };

  return {
    async get(key, build) {
      const known = entries.get(key);
      if (known) {
        entries.delete(key);
        entries.set(key, known);
        return known;
      }
      const leaving = takeOldest(1);
      const entry = (async () => {
        await Promise.all(leaving.map(evict)); // first, so that the new program finds their memory free
        return executor.load(await build());
      })();
      entries.set(key, entry);
      entry.catch(() => {
        if (entries.get(key) === entry) entries.delete(key);
      });
      return entry;
    },
    async clear() {
      const all = [...entries.values()];
      entries.clear();
      await Promise.all(all.map(evict));
    },
  };
}
