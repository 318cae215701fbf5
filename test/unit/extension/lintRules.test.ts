import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../support/projectRoot';

const lint = new ESLint({ cwd: projectRoot });
const rulesBroken = async (filePath: string, code: string): Promise<(string | null)[]> =>
  (await lint.lintText(code, { filePath })).flatMap(({ messages }) => messages.map(({ ruleId }) => ruleId));

describe('markup made of strings', () => {
  it.each([
    'document.body.innerHTML = text;',
    "document.body['innerHTML'] += text;",
    'document.body.outerHTML = text;',
    "document.body.insertAdjacentHTML('beforeend', text);",
    'document.write(text);',
    'document.createRange().createContextualFragment(text);',
  ])('is refused by the linter: %s', async (statement) => {
    const code = `export function show(text: string): void {\n  ${statement}\n}\n`;
    for (const file of ['webview/image/viewer.ts', 'src/extension/extension.ts'])
      expect(await rulesBroken(file, code)).toContain('no-restricted-syntax');
  });

  it('is not what text is', async () => {
    const code = 'export function show(text: string): void {\n  document.body.textContent = text;\n}\n';
    expect(await rulesBroken('webview/image/viewer.ts', code)).toEqual([]);
  });
});
