import fs from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporaryFolder';
import { startKernel } from './notebookKernel';

const folder = temporaryFolder('cells');
let cells: Awaited<ReturnType<typeof startKernel>>;

beforeAll(async () => {
  cells = await startKernel(folder);
});

describe('a cell', () => {
  it('shows the value of its last expression', async () => {
    expect((await cells.execute('const a = 40;\na + 2')).shown).toEqual(['42']);
    expect((await cells.execute('({ a, b: [1, "x"] })')).shown).toEqual(["{ a: 40, b: [ 1, 'x' ] }"]);
    expect((await cells.execute('"plain"')).shown).toEqual(['plain']);
    expect((await cells.execute('Number("-0")')).shown).toEqual(['-0']);
    expect((await cells.execute('10n ** 20n')).shown).toEqual(['100000000000000000000n']);
  });

  it('shows nothing for declarations, undefined, loops and conditions', async () => {
    for (const code of ['const q = 1', 'undefined', 'for (const x of [1, 2]) { x; }', 'if (true) { 5; }', '']) {
      expect(await cells.execute(code)).toMatchObject({ ok: true, outputs: [] });
    }
  });

  it('may declare again what an earlier cell declared', async () => {
    await cells.execute('const again = 1; class Thing {}; function f() { return 1; }');
    const second = await cells.execute('const again = 2; class Thing {}; function f() { return 2; }\nagain + f()');
    expect(second.shown).toEqual(['4']);
  });

  it('is TypeScript with top-level await', async () => {
    const code =
      'interface P { x: number }\nenum E { A = 3 }\nconst p: P = await Promise.resolve({ x: E.A });\np.x as number';
    expect((await cells.execute(code)).shown).toEqual(['3']);
  });

  it('that sends the kernel what is no message is told so, and the next one runs', async () => {
    const code = `
      process.send('junk');
      process.send(null);
      process.send({ type: 'output', executionId: 'x', output: { kind: 'display', items: 'none' } });
      process.send({ type: 'call', id: {}, method: 'open', params: null });
      process.send({ type: 'call', id: 1e6, method: 'constructor', params: null });
      await new Promise((resolve) => setTimeout(resolve, 100));`;
    const { ok, outputs } = await cells.execute(code);
    expect(ok).toBe(true);
    const told = outputs.map((output) => ('text' in output ? output.text : '')).join('');
    expect(told.match(/The kernel refused a message of this cell's process: /g)).toHaveLength(4);
    expect(told).toMatch(/output\.displayId: /);
    expect((await cells.execute('6 * 7')).shown).toEqual(['42']);
  });

  it('keeps a line that looks like an import inside of a text', async () => {
    const { shown } = await cells.execute('const y = 1;\n`a\nimport x from "nowhere";\nimport(${y})`');
    expect(shown).toEqual(['a\nimport x from "nowhere";\nimport(1)']);
  });

  it('imports modules of Node, in every form', async () => {
    await cells.execute(
      "import fs, { readFileSync as read } from 'node:fs';\nimport * as path from 'path';\nimport 'node:os';",
    );
    expect((await cells.execute("[typeof fs.readFileSync, typeof read, path.join('a', 'b')]")).shown).toEqual([
      "[ 'function', 'function', 'a/b' ]",
    ]);
    expect((await cells.execute("(await import('node:os')).EOL.length")).shown).toEqual(['1']);
    expect((await cells.execute("require('node:path').basename(import.meta.dirname)")).shown).toEqual([
      path.basename(folder),
    ]);
  });

  it('imports files beside the notebook, anew when they changed', async () => {
    const file = path.join(folder, 'lib', 'heart.ts');
    await fs.mkdir(path.dirname(file), { recursive: true });
    await fs.writeFile(path.join(folder, 'lib', 'rate.json'), '{ "rate": 60 }');
    await fs.writeFile(
      file,
      "import { rate } from './rate.json';\nexport const beat = (n: number): number => n * rate;\nexport const here = import.meta.url;\nexport let calls = 0; export const call = () => ++calls;",
    );
    await cells.execute("import { beat, here, call } from './lib/heart';\ncall()");
    expect(
      (await cells.execute("import { beat, here, call } from './lib/heart.ts';\n[beat(2), here, call()]")).shown[0],
    ).toContain(`120, 'file://${file}', 2`);
    await fs.writeFile(file, 'export const beat = () => 7;');
    expect((await cells.execute("import { beat } from './lib/heart';\nbeat()")).shown).toEqual(['7']);
    expect(await fs.readdir(path.dirname(file))).toEqual(['heart.ts', 'rate.json']);
  });

  it('imports packages that are installed beside the notebook', async () => {
    const installed = path.join(folder, 'node_modules', 'pulse');
    await fs.mkdir(installed, { recursive: true });
    await fs.writeFile(
      path.join(installed, 'package.json'),
      '{"name":"pulse","type":"module","exports":{"import":"./m.js"}}',
    );
    await fs.writeFile(path.join(installed, 'm.js'), 'export default 72;');
    expect((await cells.execute("import pulse from 'pulse';\npulse")).shown).toEqual(['72']);
    const missing = await cells.execute("import nothing from '@no/such-package/x';");
    expect(missing.error?.message).toContain('npm install @no/such-package');
  });

  it('streams what it prints, in order with what it displays', async () => {
    const { outputs } = await cells.execute(
      'console.log("one", { a: 1 });\ndisplay("two");\nconsole.error("three");\n4',
    );
    expect(outputs.map((output) => (output.kind === 'stream' ? output.name + output.text : output.kind))).toEqual([
      'stdoutone { a: 1 }\n',
      'display',
      'stderrthree\n',
      'display',
    ]);
  });

  it('starts relative paths from the folder of the notebook', async () => {
    expect((await cells.execute('process.cwd()')).shown).toEqual([await fs.realpath(folder)]);
  });
});

describe('errors', () => {
  it('name the line of the cell, through types, functions and cells', async () => {
    await cells.execute('interface Long {\n  a: string;\n}\nfunction fails() {\n  throw new TypeError("no heart");\n}');
    const { ok, error } = await cells.execute('const one = 1;\n\nfails();');
    expect(ok).toBe(false);
    expect(error).toMatchObject({ name: 'TypeError', message: 'no heart' });
    const frames = error?.stack.split('\n') ?? [];
    expect(frames[1]).toMatch(/at fails \(Cell \[\d+\], line 5\)/);
    expect(frames[2]).toMatch(/Cell \[\d+\], line 3/);
    expect(frames).toHaveLength(3);
  });

  it('name the line after an import over several lines and after an await', async () => {
    const code = "import {\n  join,\n  sep\n} from 'node:path';\nawait null;\nnull.x;";
    expect((await cells.execute(code)).error?.stack).toMatch(/Cell \[\d+\], line 6/);
  });

  it('name the line of a syntax error', async () => {
    const { error } = await cells.execute('const fine = 1;\nconst = 3;');
    expect(error?.name).toBe('SyntaxError');
    expect(error?.stack).toMatch(/Cell \[\d+\], line 2/);
  });

  it('may be anything that is thrown', async () => {
    expect((await cells.execute('throw "plain"')).error?.message).toBe('thrown: plain');
    expect((await cells.execute('throw undefined')).ok).toBe(false);
    expect(
      (await cells.execute('({ [Symbol.for("nodejs.util.inspect.custom")]() { throw new Error("shy"); } })')).error,
    ).toMatchObject({ message: 'shy' });
  });

  it('that nobody waits for are shown and leave the variables alone', async () => {
    const late = await cells.execute(
      'const kept = 5;\nsetTimeout(() => { throw new Error("late"); }, 5);\nvoid Promise.reject(new Error("lost"));\nawait new Promise((resolve) => setTimeout(resolve, 40));',
    );
    expect(late.ok).toBe(true);
    expect(late.outputs.map((output) => output.kind === 'error' && output.message)).toEqual(['lost', 'late']);
    expect((await cells.execute('kept')).shown).toEqual(['5']);
  });
});

describe('an interrupt', () => {
  const endless = {
    'a loop': 'while (true) counter++;',
    'a loop after an await': 'await new Promise((r) => setTimeout(r, 5));\nwhile (true) counter++;',
    'a loop in a timer': 'setTimeout(() => { while (true) counter++; }, 1);\nawait new Promise(() => {});',
    'a storm of microtasks': 'for (;;) await null;',
    'a loop that prints': 'while (true) console.log(counter++);',
    'a loop that catches everything': 'while (true) { try { counter++; } catch {} finally { counter++; } }',
    'a wait for nothing': 'await new Promise(() => {});',
  };
  it.each(Object.entries(endless))('ends %s within a second and keeps the variables', async (_name, code) => {
    await cells.execute('let counter = 0; const kept = "still here";');
    const running = cells.execute(code);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const asked = Date.now();
    expect(cells.kernel.interrupt(cells.notebook)).toBe(true);
    const { ok, error } = await running;
    expect(Date.now() - asked).toBeLessThan(1000);
    expect(ok).toBe(false);
    expect(error?.name).toBe('Interrupted');
    // What the ended cell waited for may be collected now.
    await cells.execute('for (let i = 0; i < 2e6; i++) globalThis.filler = [i];');
    expect((await cells.execute('kept')).shown).toEqual(['still here']);
    expect((await cells.execute('await new Promise((r) => setTimeout(() => r("timers work"), 2))')).shown).toEqual([
      'timers work',
    ]);
  });

  it('at any moment of its beginning ends a cell, which does not go on behind the next ones', async () => {
    for (let delay = 0; delay < 12; delay += 2) {
      let over = false;
      // Long enough that there is time before it is evaluated.
      const code = `${'// a comment\n'.repeat(20_000)}for (;;) globalThis.spun = 1;`;
      const running = cells.execute(code).finally(() => (over = true));
      await new Promise((resolve) => setTimeout(resolve, delay));
      while (!over) {
        cells.kernel.interrupt(cells.notebook);
        await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 20))]);
      }
      expect((await running).ok).toBe(false);
      expect((await cells.execute('"next"')).shown).toEqual(['next']);
    }
  });

  it('that meets the end of its cell does not keep the next one waiting, nor end it', async () => {
    // Around the 120 ms after which JavaScript that does not answer is ended.
    for (let busyMs = 100; busyMs < 140; busyMs += 2) {
      const running = cells.execute(`for (const end = Date.now() + ${busyMs}; Date.now() < end; );`);
      cells.kernel.interrupt(cells.notebook);
      await running;
      expect((await cells.execute('"next"')).shown).toEqual(['next']);
    }
  });

  it('does nothing when no cell runs', async () => {
    expect(cells.kernel.interrupt(cells.notebook)).toBe(false);
    expect((await cells.execute('1')).shown).toEqual(['1']);
  });
});

describe('the process of the cells', () => {
  it('may end: the cell says so, and the next one runs in a fresh one', async () => {
    const { ok, error } = await cells.execute('process.exit(3)');
    expect(ok).toBe(false);
    expect(error?.message).toMatch(/ended \(exit code 3\).*variables are lost/);
    expect((await cells.execute('typeof kept')).shown).toEqual(['undefined']);
  });

  it('is not started again for what waited when the notebook was closed', async () => {
    const pidFile = path.join(folder, 'pids');
    const cell = `require('node:fs').appendFileSync(${JSON.stringify(pidFile)}, process.pid + "\\n");`;
    const [first, second] = [cells.execute(`${cell} await new Promise(() => {})`), cells.execute(cell)];
    await expect.poll(() => fs.readFile(pidFile, 'utf8').catch(() => ''), { timeout: 10_000 }).toMatch(/\d\n/);
    await cells.kernel.close(cells.notebook);
    expect([(await first).ok, (await second).ok]).toEqual([false, false]);
    expect((await fs.readFile(pidFile, 'utf8')).trim().split('\n')).toHaveLength(1);
  });
});
