// Runs cases in processes of their own, which end when they take too long or too much.
import { type ChildProcess, fork } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { FromChild, ToChild, Verdict } from './verdict';

/** What one case may take. */
export const limits = { ms: 5000, megabytes: 1024 } as const;

/** A process is replaced after so many cases: what libraries never give back shall not count for the next ones. */
const casesOfProcess = 250;

export interface Task {
  readonly reader: string;
  readonly number: number;
}

interface PoolOptions {
  /** The bundle of child.ts. */
  readonly entry: string;
  /** For the processes' files. */
  readonly folder: string;
  readonly seed: number;
  readonly processes: number;
  /** Where inputs of cases that end wrong are kept. */
  readonly failures: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs all tasks; each ends in a verdict, `wrong` where its process had to be killed or died. */
export async function runAll(tasks: readonly Task[], options: PoolOptions): Promise<Verdict[]> {
  const waiting = [...tasks];
  const verdicts: Verdict[] = [];
  const worker = async (index: number): Promise<void> => {
    let child: Child | null = null;
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      child ??= await Child.start(options, path.join(options.folder, String(index)));
      const verdict = await child.run(task);
      verdicts.push(verdict);
      if (verdict.ending === 'wrong') await keep(verdict, options, index);
      if (child.done >= casesOfProcess || !child.alive) {
        await child.end();
        child = null;
      }
    }
    await child?.end();
  };
  await Promise.all(Array.from({ length: options.processes }, (_, index) => worker(index)));
  return verdicts;
}

/** Keeps the input of a case, and what is known of it, made again by a process that reads nothing. */
async function keep(verdict: Verdict, options: PoolOptions, index: number): Promise<void> {
  const { reader, number } = verdict;
  const folder = path.join(options.failures, `${reader.replace(/\W+/g, '-')}-${options.seed}-${number}`);
  const child = await Child.start(options, path.join(options.folder, `keep-${index}`));
  await child.keep({ reader, number }, folder);
  await child.end();
  fs.writeFileSync(path.join(folder, 'verdict.txt'), `${verdict.what}\n\n${verdict.message}\n`);
}

class Child {
  done = 0;
  alive = true;
  private readonly arrived: FromChild[] = [];
  private listener: ((message: FromChild | null) => void) | null = null;
  private stderr = '';

  private constructor(
    private readonly process: ChildProcess,
    private readonly seed: number,
  ) {
    process.on('message', (message: FromChild) => {
      if (this.listener === null) this.arrived.push(message);
      else this.tell(message);
    });
    process.stderr?.on('data', (data: Buffer) => (this.stderr = (this.stderr + data.toString()).slice(-2000)));
    process.once('exit', () => {
      this.alive = false;
      this.tell(null);
    });
  }

  private tell(message: FromChild | null): void {
    const listener = this.listener;
    this.listener = null;
    listener?.(message);
  }

  static async start({ entry, seed, env }: PoolOptions, folder: string): Promise<Child> {
    fs.rmSync(folder, { recursive: true, force: true });
    const tmp = path.join(folder, 'tmp');
    fs.mkdirSync(tmp, { recursive: true });
    const process_ = fork(entry, [folder], {
      cwd: folder,
      execArgv: ['--max-old-space-size=512'],
      env: { ...process.env, TMPDIR: tmp, MEDSA_CACHE: path.join(folder, 'cache'), ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    const child = new Child(process_, seed);
    await child.next();
    return child;
  }

  private next(): Promise<FromChild | null> {
    const first = this.arrived.shift();
    if (first !== undefined || !this.alive) return Promise.resolve(first ?? null);
    return new Promise((resolve) => (this.listener = resolve));
  }

  private send(message: ToChild): void {
    this.process.send(message);
  }

  async run(task: Task): Promise<Verdict> {
    this.done++;
    this.stderr = '';
    this.send({ type: 'run', seed: this.seed, ...task });
    // A mutator that hangs is no fault of a reader, but must not stop the rest.
    const making = setTimeout(() => this.process.kill('SIGKILL'), 60_000);
    const begun = await this.next();
    clearTimeout(making);
    const what = begun?.type === 'begun' ? begun.what : 'its input was not made';
    const begin = performance.now();
    let [breach, megabytes] = ['', 0];
    const watch = setInterval(() => {
      megabytes = Math.max(megabytes, this.residentMegabytes());
      if (megabytes > limits.megabytes) breach = `it took ${megabytes.toFixed(0)} MB`;
      // The machine may be busy: below this, the processor's time decides.
      else if (performance.now() - begin > 6 * limits.ms) breach = `it took longer than ${(6 * limits.ms) / 1000} s`;
      if (breach !== '') this.process.kill('SIGKILL');
    }, 50);
    const answer = begun === null ? null : await this.next();
    clearInterval(watch);
    const ms = performance.now() - begin;
    const wrong = (message: string): Verdict => ({
      ...task,
      ending: 'wrong',
      what,
      message,
      ms,
      wallMs: ms,
      megabytes,
    });
    if (answer?.type !== 'verdict') return wrong(breach || `its process died: ${this.stderr.trim()}`);
    const { verdict } = answer;
    const most = Math.max(megabytes, verdict.megabytes);
    if (most > limits.megabytes) return wrong(`it took ${most.toFixed(0)} MB, then: ${verdict.message}`);
    if (verdict.ms > limits.ms) return wrong(`it took ${(verdict.ms / 1000).toFixed(1)} s, then: ${verdict.message}`);
    return { ...verdict, megabytes: most };
  }

  async keep(task: Task, folder: string): Promise<void> {
    this.send({ type: 'keep', seed: this.seed, folder, ...task });
    const making = setTimeout(() => this.process.kill('SIGKILL'), 60_000);
    await this.next();
    clearTimeout(making);
    fs.mkdirSync(folder, { recursive: true });
  }

  private residentMegabytes(): number {
    try {
      const pages = Number(fs.readFileSync(`/proc/${this.process.pid}/statm`, 'utf8').split(' ')[1]);
      return (pages * 4096) / 2 ** 20;
    } catch {
      return 0;
    }
  }

  async end(): Promise<void> {
    if (!this.alive) return;
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    await gone;
  }
}
