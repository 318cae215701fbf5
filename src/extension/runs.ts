import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { bestAdapters } from './identity';
import { runsFolder } from './settings';

const memoryKey = 'medSa.runs';
const remembered = 50;

export interface TrainedAdapters {
  file: string;
  run: string;
  /** Milliseconds since the epoch. */
  modified: number;
}

/** Runs this workspace has seen: those it started, those in the runs folder, those anywhere in the workspace. */
export class KnownRuns {
  constructor(private readonly memory: vscode.Memento) {}

  async remember(run: string): Promise<void> {
    const others = this.memory.get<string[]>(memoryKey, []).filter((other) => other !== run);
    await this.memory.update(memoryKey, [run, ...others].slice(0, remembered));
  }

  /** Runs of this workspace that do not lie in this folder. */
  elsewhere(folder: string): string[] {
    const inside = (run: string): boolean => !path.relative(folder, run).startsWith('..');
    return this.memory
      .get<string[]>(memoryKey, [])
      .filter((run) => !inside(run) && existsSync(run))
      .slice(0, 10);
  }

  async forget(run: string): Promise<void> {
    const others = this.memory.get<string[]>(memoryKey, []).filter((other) => other !== run);
    await this.memory.update(memoryKey, others);
  }

  /** Adapters of runs that reached a validation, the newest first. */
  async adapters(): Promise<TrainedAdapters[]> {
    const inRunsFolder = new vscode.RelativePattern(vscode.Uri.file(runsFolder()), `**/${bestAdapters}`);
    const found = await Promise.all([
      vscode.workspace.findFiles(inRunsFolder, null, 200),
      vscode.workspace.findFiles(`**/${bestAdapters}`, '**/node_modules/**', 200),
    ]);
    const files = new Set([
      ...found.flat().map(({ fsPath }) => fsPath),
      ...this.memory.get<string[]>(memoryKey, []).map((run) => path.join(run, bestAdapters)),
    ]);
    const adapters = await Promise.all([...files].map(describe));
    return adapters.filter((one) => one !== null).sort((a, b) => b.modified - a.modified);
  }
}

async function describe(file: string): Promise<TrainedAdapters | null> {
  try {
    const { mtimeMs } = await fs.stat(file);
    return { file, run: path.dirname(path.dirname(file)), modified: mtimeMs };
  } catch {
    // The run was deleted, or never reached a validation.
    return null;
  }
}
