// Every contributed string and every message of the extension can be translated, and no translation is asked in vain.
import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../support/projectRoot';

const read = (name: string): string => fs.readFileSync(path.join(projectRoot, name), 'utf8');

describe('the strings of the manifest', () => {
  const asked = new Set([...read('package.json').matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key));
  const given = Object.keys(JSON.parse(read('package.nls.json')) as object);

  it('are all given, and none is given in vain', () => {
    expect([...asked].sort()).toEqual([...given].sort());
  });

  it('hold no command that nobody contributes', () => {
    const { contributes } = JSON.parse(read('package.json')) as {
      contributes: { commands: { command: string }[]; views: { medSa: { id: string }[] } };
    };
    const commands = contributes.commands.map(({ command }) => command);
    const focus = contributes.views.medSa.map(({ id }) => `${id}.focus`);
    const linked = [...read('package.nls.json').matchAll(/\(command:([\w.]+)\)/g)].map(([, command]) => command);
    const ours = linked.filter((command) => command.startsWith('medSa.'));
    expect(ours.length).toBeGreaterThan(5);
    expect([...commands, ...focus]).toEqual(expect.arrayContaining(ours));
  });
});

/** First arguments of all calls of `t`; all of them must be written out. */
function messagesOf(file: string): string[] {
  const source = ts.createSourceFile(file, fs.readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 't') {
      const [message] = node.arguments;
      if (!ts.isStringLiteralLike(message))
        throw new Error(`${file}: ${node.getText()} does not spell its message out`);
      found.push(message.text);
    }
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}

describe('the messages of the extension', () => {
  const folder = path.join(projectRoot, 'src', 'extension');
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const messages = [...new Set(files.flatMap((name) => messagesOf(path.join(folder, name))))].sort();

  it('are listed for translators (written anew with vitest -u)', async () => {
    const bundle = Object.fromEntries(messages.map((message) => [message, message]));
    const file = path.join(projectRoot, 'l10n', 'bundle.l10n.json');
    await expect(`${JSON.stringify(bundle, null, 2)}\n`).toMatchFileSnapshot(file);
  });

  it('name their values from {0} on', () => {
    for (const message of messages) {
      const named = [...new Set([...message.matchAll(/\{(\d+)\}/g)].map(([, index]) => Number(index)))].sort();
      expect(named, message).toEqual(named.map((_, index) => index));
    }
  });
});
