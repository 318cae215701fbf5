import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import readline from 'node:readline';
import { z } from 'zod';
import { UserError } from '../../src/kernel/errors';
import type { Work } from './workloads';

/** The Python to ask: MED_SA_PYTHON, else `python3`. */
const python = (): string => process.env.MED_SA_PYTHON ?? 'python3';

/** What PyTorch may do with a softmax over q·kᵀ + bias: written out, or its fused function. The faster one counts. */
export const attentions = ['plain', 'sdpa'] as const;
export type Attention = (typeof attentions)[number];

export interface ReferenceOptions {
  readonly device: 'cpu' | 'cuda';
  readonly mode: 'eager' | 'compile';
  readonly threads: number;
}

const readySchema = z.object({ torch: z.string(), device: z.string(), threads: z.number() });
const answerSchema = z.union([
  z.object({ ms: z.number(), cpu_ms: z.number(), peak_mb: z.number() }),
  z.object({ error: z.string() }),
]);

export interface ReferenceRun {
  readonly ms: number;
  /** Of all its threads. */
  readonly cpuMs: number;
}

/** A Python process that does one piece of work in PyTorch each time it is asked. */
export class TorchReference {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
    private readonly stderr: readonly string[],
    /** Version of PyTorch and what it computes on. */
    readonly description: string,
  ) {}

  /** @throws UserError when there is no Python, no PyTorch or no such device: in one line. */
  static async start(root: string, work: Work, { device, mode, threads }: ReferenceOptions): Promise<TorchReference> {
    const script = path.join(root, 'test', 'bench', 'torch', 'measure.py');
    const options = {
      what: work.what,
      model: work.config.name,
      size: work.imageSize,
      batch: work.batch,
      device,
      mode,
      threads,
    };
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    // A runtime on a GPU multiplies in TF32 by its own choice: so may the reference.
    const args = ['-B', script, '--serve', ...flags, ...(device === 'cuda' ? ['--tf32'] : [])];
    const child = spawn(python(), args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const stderr: string[] = [];
    readline.createInterface({ input: child.stderr }).on('line', (line) => stderr.push(line));
    child.stdin.on('error', () => undefined); // a process that died is noticed where its answer is missing
    const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const failed = once(child, 'error').then(([error]) => {
      throw new UserError(`${python()} did not start: ${(error as Error).message}`);
    });
    failed.catch(() => undefined);
    const first = await Promise.race([lines.next(), failed]);
    if (first.done) throw new UserError(`no reference: ${stderr.at(-1) ?? 'it ended at once'} (${python()})`);
    const ready = readySchema.parse(JSON.parse(first.value));
    return new TorchReference(
      child,
      lines,
      stderr,
      `PyTorch ${ready.torch}, ${ready.device}, ${ready.threads} threads`,
    );
  }

  /** One timed run. @throws UserError when it failed (out of memory, most likely). */
  async run(attention: Attention): Promise<ReferenceRun> {
    this.child.stdin!.write(`${attention}\n`);
    const answer = await this.lines.next();
    if (answer.done) throw new UserError(`PyTorch ended: ${this.stderr.at(-1) ?? 'killed, perhaps for its memory'}`);
    const parsed = answerSchema.parse(JSON.parse(answer.value));
    if ('error' in parsed) throw new UserError(`PyTorch: ${parsed.error}`);
    return { ms: parsed.ms, cpuMs: parsed.cpu_ms };
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.stdin!.end();
    await ended;
  }
}
