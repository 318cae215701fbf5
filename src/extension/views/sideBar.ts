import path from 'node:path';
import * as vscode from 'vscode';
import { describeData, type DataSet } from '../dataSets';
import { errorText } from '../kernelClient';
import type { KnownData } from '../knownData';
import { t } from '../l10n';
import { listModels } from '../modelList';
import { listRuns } from '../runList';
import type { KnownRuns } from '../runs';
import { runsFolder, workspaceFolder } from '../settings';
import { dataRow, type ListedData } from './dataRows';
import { modelRow, sortModels } from './modelRows';
import type { Row } from './row';
import { RowTree } from './rowTree';
import { runRow, sortRuns } from './runRows';

/** A run that is killed tells nobody: while runs are at work they are looked after without being asked. */
const lookAfterMs = 10_000;
const embeddedModel = 'phantom-sam';

export interface SideBarServices {
  readonly cli: string;
  readonly runs: KnownRuns;
  readonly data: KnownData;
  readonly log: vscode.LogOutputChannel;
}

/** The three trees of Med-SA's side bar, kept up to date with what lies on the disk. */
export class SideBar implements vscode.Disposable {
  private readonly trees;
  private readonly subscriptions: vscode.Disposable[] = [];
  private runsWatcher: vscode.Disposable | null = null;
  private modelsWatcher: vscode.Disposable | null = null;
  /** Data folders as they were found: opened again when something changes in the workspace. */
  private described = new Map<string, Promise<DataSet | { problem: string }>>();
  private anyAtWork = false;

  constructor(private readonly services: SideBarServices) {
    const { log, data } = services;
    this.trees = {
      runs: new RowTree({
        id: 'medSa.runs',
        log,
        leastMs: 1000,
        load: () => this.runRows(),
        opens: { command: 'medSa.run.curves', title: t('Show Curves') },
      }),
      models: new RowTree({ id: 'medSa.models', log, load: () => this.modelRows() }),
      data: new RowTree({ id: 'medSa.data', log, leastMs: 2000, load: (show) => this.dataRows(show) }),
    };
    const looking = setInterval(() => this.anyAtWork && this.trees.runs.refresh(), lookAfterMs);
    // Of a folder that goes as a whole, VS Code tells nothing but the folder's own name.
    const deletions = vscode.workspace.createFileSystemWatcher('**', true, true);
    const tables = vscode.workspace.createFileSystemWatcher('**/{pairs.csv,dataset.json}');
    this.subscriptions.push(
      { dispose: () => clearInterval(looking) },
      deletions,
      deletions.onDidDelete(({ fsPath }) => [this.trees.runs, this.trees.data].forEach((tree) => tree.forget(fsPath))),
      tables,
      ...[tables.onDidCreate, tables.onDidChange, tables.onDidDelete].map((event) => event(() => this.refreshData())),
      ...Object.values(this.trees),
      data.onDidChange(() => this.trees.data.refresh()),
      vscode.workspace.onDidChangeConfiguration((event) => this.settingsChanged(event)),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.refreshData()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.refreshAll()),
    );
    this.watchRuns();
  }

  refreshAll(): void {
    this.trees.runs.refresh();
    this.refreshModels();
    this.refreshData();
  }

  refreshRuns(): void {
    this.trees.runs.refresh();
  }

  refreshModels(): void {
    this.trees.models.refresh();
  }

  refreshData(): void {
    this.described = new Map();
    this.trees.data.refresh();
  }

  dispose(): void {
    this.runsWatcher?.dispose();
    this.modelsWatcher?.dispose();
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private settingsChanged(event: vscode.ConfigurationChangeEvent): void {
    if (event.affectsConfiguration('medSa.model')) this.refreshModels();
    if (!event.affectsConfiguration('medSa.runsFolder')) return;
    this.watchRuns();
    this.trees.runs.refresh();
  }

  /** A run writes many events a second; the tree reads them at its own pace. */
  private watchRuns(): void {
    this.runsWatcher?.dispose();
    const folder = vscode.Uri.file(runsFolder());
    this.runsWatcher = watch(new vscode.RelativePattern(folder, '**/{config.json,events.jsonl,run.lock}'), () =>
      this.trees.runs.refresh(),
    );
  }

  private async runRows(): Promise<Row[]> {
    if (!vscode.workspace.isTrusted) return [];
    const { cli, runs } = this.services;
    const cwd = workspaceFolder();
    const folders = [runsFolder(), ...runs.elsewhere(runsFolder())];
    const lists = await Promise.all(folders.map((folder) => listRuns(cli, folder, cwd)));
    const all = new Map(lists.flat().map((run) => [run.run, run]));
    this.anyAtWork = [...all.values()].some(({ status }) => status === 'running');
    return sortRuns([...all.values()]).map((run) => runRow(run, t));
  }

  private async modelRows(): Promise<Row[]> {
    if (!vscode.workspace.isTrusted) return [];
    const { folder, models } = await listModels(this.services.cli);
    this.modelsWatcher ??= watch(new vscode.RelativePattern(vscode.Uri.file(folder), '*'), () => this.refreshModels());
    const active = vscode.workspace.getConfiguration('medSa').get('model', '').trim() || embeddedModel;
    return sortModels(models).map((model) => modelRow(model, model.name === active || model.file === active, t));
  }

  private async dataRows(show: (rows: readonly Row[]) => void): Promise<Row[]> {
    if (!vscode.workspace.isTrusted) return [];
    const folders = await this.services.data.folders();
    const listed: ListedData[] = folders.map((one) => ({ ...one, found: null }));
    const rows = (): Row[] =>
      listed
        // What was only guessed to be data, and is none, is not told of.
        .filter(({ added, found }) => added || found === null || !('problem' in found))
        .map((one) => dataRow(one, vscode.workspace.asRelativePath(one.folder), t));
    for (const [index, one] of listed.entries()) {
      if (!this.described.has(one.folder)) show(rows());
      listed[index] = { ...one, found: await this.describe(one.folder) };
    }
    return rows();
  }

  private describe(folder: string): Promise<DataSet | { problem: string }> {
    const known = this.described.get(folder);
    if (known) return known;
    const found = describeData(this.services.cli, path.resolve(folder)).catch((error: unknown) => ({
      problem: errorText(error),
    }));
    this.described.set(folder, found);
    return found;
  }
}

function watch(pattern: vscode.RelativePattern, onChange: () => void): vscode.Disposable {
  const watcher = vscode.workspace.createFileSystemWatcher(pattern);
  const events = [watcher.onDidCreate, watcher.onDidChange, watcher.onDidDelete].map((event) => event(onChange));
  return vscode.Disposable.from(watcher, ...events);
}
