// A plugin of the TypeScript server: what cells can call is known in them, with completion and documentation, and what a
// notebook may do and a file may not (await at the top level, declaring a name again) is not underlined.
import path from 'node:path';
import type ts from 'typescript';

/** VS Code gives a cell to the server under a name like `^/vscode-notebook-cell/…/heart.ipynb#W0sZmlsZQ.ts`. */
const isCell = (file: string): boolean => file.includes('vscode-notebook-cell') || /\.ipynb[#?].*\.tsx?$/.test(file);

/** Not errors in a cell. */
const allowed = new Set([
  1375, // await in a file that is no module
  1378, // await with these compiler options
  2300, // the same name declared in two cells
  2451, // const or let declared again in another cell
]);

function withoutAllowed<D extends { readonly code: number }>(file: string, diagnostics: readonly D[]): D[] {
  return isCell(file) ? diagnostics.filter(({ code }) => !allowed.has(code)) : [...diagnostics];
}

export default function init({ typescript }: { typescript: typeof ts }): ts.server.PluginModule {
  return {
    create({ languageService, languageServiceHost: host }: ts.server.PluginCreateInfo): ts.LanguageService {
      const names = host.getScriptFileNames.bind(host);
      const settings = host.getCompilationSettings.bind(host);
      const api = path.join(__dirname, 'globals.ts');
      /** A notebook's cells, and nothing else: whatever the server keeps of its own lies in no notebook either. */
      const ofNotebook = (): boolean => names().some(isCell);
      host.getScriptFileNames = () => (ofNotebook() ? [...names(), api] : names());
      host.getCompilationSettings = () => {
        if (!ofNotebook()) return settings();
        return {
          ...settings(),
          target: typescript.ScriptTarget.ES2022,
          module: typescript.ModuleKind.ESNext,
          // Without the browser's: its `open` is another one.
          lib: ['lib.es2023.d.ts'],
        };
      };
      const proxy = Object.create(languageService) as ts.LanguageService;
      proxy.getSemanticDiagnostics = (file) => withoutAllowed(file, languageService.getSemanticDiagnostics(file));
      proxy.getSyntacticDiagnostics = (file) => withoutAllowed(file, languageService.getSyntacticDiagnostics(file));
      return proxy;
    },
  };
}
