import fs from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AnnotationStore, ImageLibrary } from '../../../src/kernel/annotation';
import { discsFolder } from './discs';

let folder: string;
beforeEach(async () => void (folder = await discsFolder()));
afterEach(() => fs.rm(folder, { recursive: true, force: true }));

const noModel = () => Promise.reject(new Error('no model is needed'));
const stroke = (x: number) => ({
  edit: 'stroke',
  object: 'object-1',
  slice: 0,
  erase: false,
  radius: 2,
  points: [[x, 9]],
});
const locks = async () => {
  const names = await fs.readdir(path.join(folder, '.med-sa', 'annotations')).catch(() => []);
  return names.filter((name) => name.endsWith('.lock')).length;
};

it('a session stays as long as a notebook uses it, is then free for others, and leaves the memory in its turn', async () => {
  const store = new AnnotationStore(new ImageLibrary());
  const open = async (annotation: string, holder: string) =>
    (await store.open(folder, { path: 'discs.png', annotation }, holder)).session;
  const draw = async (session: Awaited<ReturnType<typeof open>>, x: number) =>
    session.apply(stroke(x) as Parameters<typeof session.apply>[0], noModel);

  const session = await open('first', 'a');
  expect(await open('first', 'b')).toBe(session);
  for (const x of [9, 20, 40]) await draw(session, x);
  expect(await locks()).toBe(1);
  await store.leave('a');
  expect(await locks()).toBe(1);
  await store.leave('b');
  expect(await locks()).toBe(0);

  // It is still there, and takes changes again.
  expect(await open('first', 'c')).toBe(session);
  await draw(session, 50);
  for (let other = 0; other < 20; other++) await open(`other ${other}`, 'd');
  await store.leave('d');
  expect(await open('first', 'c')).toBe(session);
  await store.leave('c');
  for (let other = 0; other < 20; other++) await open(`other ${other}`, 'd');
  await store.leave('d');
  const again = await open('first', 'e');
  expect(again).not.toBe(session);
  const { state } = again;
  expect(state).toMatchObject({ undo: 'brush', readOnly: null });
  for (let step = 0; step < 4; step++) await again.apply({ edit: 'undo' }, noModel);
  expect(again.state).toMatchObject({ undo: null, redo: 'brush' });
  expect(again.patch('object-1', 0)).toBeNull();
  await store.release();
});
