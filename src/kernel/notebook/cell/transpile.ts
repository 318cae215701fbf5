import { SourceMap } from 'node:module';
import { transform, type TransformFailure } from 'esbuild';
import { CellSyntaxError } from './errors';

/** A cell as V8's REPL mode takes it, and the way back from its lines to the cell's. */
export interface Script {
  readonly code: string;
  /** Line of the cell, from 1, for a line and column of the script, from 1; null for lines that no cell wrote. */
  lineOf(line: number, column: number): number | null;
}

/** The function that imports become; the cell's process defines it. */
export const importFunction = '__medSaImport';
/** What `import.meta` becomes. */
export const importMeta = '__medSaImportMeta';

/**
 * TypeScript with static and dynamic imports → JavaScript for REPL mode, where neither exists. Imports become awaited
 * calls that bind `const`s, which REPL mode lets the next cell declare again.
 * @throws CellSyntaxError
 */
export async function transpile(cell: string, scriptName: string): Promise<Script> {
  const { code, map } = await transform(cell, {
    loader: 'ts',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    sourcemap: 'external',
    sourcefile: scriptName,
    logLevel: 'silent',
    // Imports that this cell does not use may be there for the next one.
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    // Without literals over several lines, a line that begins with "import" is an import.
    supported: { 'template-literal': false },
    define: { 'import.meta': importMeta },
  }).catch((error: TransformFailure) => {
    const [first] = error.errors ?? [];
    if (first === undefined) throw error;
    throw new CellSyntaxError(first.text, first.location?.line ?? null, first.location?.lineText ?? '');
  });
  const sources = new SourceMap(JSON.parse(map));
  return {
    code: `${withoutStatementValue(withImports(code))}\n//# sourceURL=${scriptName}`,
    lineOf: (line, column) => {
      const entry = sources.findEntry(line - 1, column - 1);
      return 'originalLine' in entry ? entry.originalLine + 1 : null;
    },
  };
}

const staticImport = /^import\s+(?:([^"']*?)\s*from\s*)?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*');$/gm;

function withImports(code: string): string {
  const lines = code.replace(staticImport, (whole: string, clause: string | undefined, specifier: string) => {
    const call = `await ${importFunction}(${specifier})`;
    const statement = clause === undefined ? `${call};` : binding(clause.replace(/\s+/g, ' ').trim(), call);
    // As many lines as before, so that the source map holds.
    return statement + '\n'.repeat(whole.split('\n').length - 1);
  });
  return lines.split('\n').map(withDynamicImports).join('\n');
}

/** `a, { b as c }` → `const { default: a, b: c } = …` ; `a, * as n` → `const n = …, { default: a } = n`. */
function binding(clause: string, call: string): string {
  const [, head = '', namespace, named] = /^([^{*]*?),?\s*(?:\*\s*as\s+(\S+)|\{(.*)\})?$/.exec(clause) ?? [];
  const defaults = head === '' ? [] : [`default: ${head}`];
  if (namespace !== undefined) {
    return `const ${namespace} = ${call}${defaults.length > 0 ? `, { ${defaults.join()} } = ${namespace}` : ''};`;
  }
  const names = (named ?? '')
    .split(',')
    .map((name) => name.trim().replace(/\s+as\s+/, ': '))
    .filter((name) => name !== '');
  return `const { ${[...defaults, ...names].join(', ')} } = ${call};`;
}

/** `import(` outside of string literals; after the transpiler, a literal ends on the line on which it begins. */
function withDynamicImports(line: string): string {
  if (!line.includes('import(')) return line;
  return line.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?<![\w$.])import\(/g, (match) =>
    match === 'import(' ? `${importFunction}(` : match,
  );
}

/** A cell shows the value of its last expression; a loop or a condition at the end is no expression, though V8 gives it one. */
function withoutStatementValue(code: string): string {
  const starts = code.split('\n').filter((line) => /^[^\s})\]]/.test(line));
  const last = starts[starts.length - 1] ?? '';
  return /^(?:for|while|do|if|switch|try|\{)(?![\w$])/.test(last) ? `${code}\nvoid 0;` : code;
}
