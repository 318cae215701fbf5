import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { openExample } from '../../../src/extension/commands/openExample';
import { type NewCell, openNewNotebook } from '../../../src/extension/notebooks';
import { projectRoot } from '../../support/projectRoot';
import { window } from './fakeVscode';

vi.mock('vscode', () => import('./fakeVscode'));
vi.mock('../../../src/extension/notebooks', () => ({ openNewNotebook: vi.fn() }));

const folder = path.join(projectRoot, 'examples');
const notebooks = fs.readdirSync(folder).filter((name) => name.endsWith('.ipynb'));
const opened = vi.mocked(openNewNotebook);

/** The user takes the entry of this title; nothing where there is no title. */
const choose = (title?: string): void => {
  window.showQuickPick.mockImplementation(async (items) => items.find(({ label }) => label === title));
};

beforeEach(() => {
  opened.mockReset();
  window.showQuickPick.mockReset();
});

describe('Open Example', () => {
  it('offers every notebook of the folder with a line about it', async () => {
    choose();
    await openExample(folder);
    const [items] = window.showQuickPick.mock.calls[0];
    expect(items.map(({ label }) => label)).toEqual(['Segment a picture', 'Segment a volume', 'Teach it your task']);
    expect(items).toHaveLength(notebooks.length);
    for (const item of items) expect(item).toMatchObject({ detail: expect.stringMatching(/^.{20,90}$/) });
    expect(opened).not.toHaveBeenCalled();
  });

  it.each([
    ['Segment a picture', '1-segment-a-picture.ipynb'],
    ['Teach it your task', '3-teach-it-your-task.ipynb'],
  ])('opens the cells of “%s” as they are in the file', async (title, name) => {
    choose(title);
    await openExample(folder);
    const file = JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')) as {
      cells: { cell_type: string; source: string[] }[];
    };
    const expected = file.cells.map(({ cell_type, source }): NewCell => {
      return cell_type === 'code' ? source.join('') : { markdown: source.join('') };
    });
    expect(opened.mock.calls).toEqual([expected]);
  });
});

describe('examples/', () => {
  it.each(notebooks)('%s is stored without outputs', (name) => {
    const { cells } = JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')) as {
      cells: { cell_type: string; outputs?: unknown[]; execution_count?: unknown }[];
    };
    const code = cells.filter(({ cell_type }) => cell_type === 'code');
    for (const cell of code) expect(cell).toMatchObject({ outputs: [], execution_count: null });
  });
});
