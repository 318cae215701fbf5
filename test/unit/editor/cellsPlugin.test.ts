// The plugin in TypeScript's own language service, as VS Code's server holds it, over cells as VS Code names them.
import { createRequire } from 'node:module';
import path from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeCellTypes } from '../../../.ci/cellTypes.mjs';
import { projectRoot } from '../../support/projectRoot';
import { temporaryFolder } from '../../support/temporaryFolder';

const folder = temporaryFolder('cells-plugin');
const cell = (number: number) => `^/vscode-notebook-cell/ts-nul-authority/home/heart.ipynb#W${number}sZmlsZQ.ts`;
const cells = new Map([
  [cell(0), 'const image = await open("scan.nii.gz");\nconst answer = await image.segment({ points: [[3, 4]] });'],
  [cell(1), 'const image = await open("other.png");\nawait propagate(image, "liver");\nimage.'],
  [cell(2), 'await open(3);'],
]);
let service: ts.LanguageService;

beforeAll(async () => {
  await writeCellTypes(projectRoot, folder);
  const init = createRequire(import.meta.url)(path.join(folder, 'index.js')) as ts.server.PluginModuleFactory;
  const host: ts.LanguageServiceHost = {
    getScriptFileNames: () => [...cells.keys()],
    getScriptVersion: () => '1',
    getScriptSnapshot: (file) => {
      const text = cells.get(file) ?? ts.sys.readFile(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => folder,
    getCompilationSettings: () => ({ strict: true, skipLibCheck: true, types: [] }),
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    fileExists: (file) => cells.has(file) || ts.sys.fileExists(file),
    readFile: (file) => cells.get(file) ?? ts.sys.readFile(file),
  };
  const { create } = (init as unknown as (modules: { typescript: typeof ts }) => ts.server.PluginModule)({
    typescript: ts,
  });
  service = create({
    languageService: ts.createLanguageService(host),
    languageServiceHost: host,
  } as ts.server.PluginCreateInfo);
});

const problems = (number: number): string[] =>
  [...service.getSyntacticDiagnostics(cell(number)), ...service.getSemanticDiagnostics(cell(number))].map(
    ({ code, messageText }) => `${code} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
  );

describe('cells in the editor', () => {
  it('may await, declare again, and call what is there', () => {
    expect(problems(0)).toEqual([]);
  });

  it('are checked all the same', () => {
    expect(problems(2)).toEqual([
      expect.stringMatching(/^2345 .*'number' is not assignable to parameter of type 'string'/),
    ]);
  });

  it('are completed', () => {
    const text = cells.get(cell(1))!;
    const names = (at: number) => service.getCompletionsAtPosition(cell(1), at, {})?.entries.map(({ name }) => name);
    expect(names(text.length)).toEqual(expect.arrayContaining(['segment', 'label', 'maskOf', 'spacing']));
    expect(names(0)).toEqual(expect.arrayContaining(['open', 'fineTune', 'models', 'phantoms']));
  });

  it('tell what a function does', () => {
    const info = service.getQuickInfoAtPosition(cell(0), cells.get(cell(0))!.indexOf('open'));
    expect(ts.displayPartsToString(info?.displayParts)).toContain('open(path: string, options?: OpenImageOptions)');
    expect(ts.displayPartsToString(info?.documentation)).toContain('Opens a picture or a volume');
  });
});
