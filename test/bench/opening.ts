import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { UserError } from '../../src/kernel/errors';
import type { SamConfig } from '../../src/kernel/sam/config';
import { benchRow, type BenchRow } from './bench';
import { inTemporaryFolder } from './temporaryFolder';
import { writeUntrained } from './untrained';

const openedSchema = z.object({ seconds: z.number(), peakGb: z.number() });

/** Opening a model's encoder in a process of its own, from a file just written: the disk's cache holds it. */
export async function openingRows(config: SamConfig): Promise<BenchRow[]> {
  console.error(`opening ${config.name} …`);
  return inTemporaryFolder(async (folder) => {
    const file = path.join(folder, `${config.name}.safetensors`);
    await writeUntrained(file, config);
    const opened = await openInChild(file).catch((error: unknown) => {
      if (error instanceof UserError) return { seconds: NaN, peakGb: NaN, note: error.message };
      throw error;
    });
    const rest = 'note' in opened ? { note: opened.note } : {};
    return [
      benchRow({ name: `opening ${config.name}`, ours: opened.seconds, goal: 10, unit: 's', ...rest }),
      benchRow({ name: `  its peak memory`, ours: opened.peakGb, goal: 5, unit: 'GB' }),
    ];
  });
}

/** @throws UserError saying how the child failed */
async function openInChild(file: string): Promise<z.infer<typeof openedSchema>> {
  const child = spawn(process.execPath, [path.join(path.dirname(process.argv[1]), 'bench-open.js'), file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  // A crash of Node's begins with its own source line: the error stands further down.
  const lines = errors.trim().split('\n');
  const said = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0];
  if (code !== 0) throw new UserError(said || `ended with ${code ?? 'a signal'}`);
  return openedSchema.parse(JSON.parse(output));
}
