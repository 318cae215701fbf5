import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { exercisedCommands } from '../../e2e/exercised';
import { projectRoot } from '../../support/projectRoot';

describe('what VS Code offers of Med-SA', () => {
  const { contributes } = JSON.parse(fs.readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
    contributes: { commands: { command: string }[] };
  };

  it('is used, each command of it, by a test in real VS Code', () => {
    const contributed = contributes.commands.map(({ command }) => command).sort();
    expect(Object.keys(exercisedCommands).sort()).toEqual(contributed);
  });

  it.each(Object.entries(exercisedCommands))('%s is used where the table says', (_, [file, words]) => {
    expect(fs.readFileSync(path.join(projectRoot, 'test', 'e2e', file), 'utf8')).toContain(words);
  });
});
