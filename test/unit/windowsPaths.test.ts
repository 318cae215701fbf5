// Code that takes paths apart, with Windows' rules in place of this machine's.
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { adapterName } from '../../src/kernel/inference/adapterFile';
import { isModelPath } from '../../src/kernel/inference/modelFile';
import { sessionId, shownPath } from '../../src/kernel/annotation/store';

vi.mock('node:path', async (load) => {
  const { default: original } = await load<{ default: typeof path }>();
  return { ...original.win32, default: original.win32 };
});

const folder = 'C:\\Users\\Ä ö\\scans';

describe('on Windows', () => {
  it('these are its rules', () => {
    expect(path.sep).toBe('\\');
    expect(path.join('a', 'b')).toBe('a\\b');
  });

  it.each([
    [`${folder}\\head.nii.gz`, 'head.nii.gz'],
    [`${folder}\\left hand\\..x\\1.png`, 'left hand/..x/1.png'],
    [`${folder}\\..half.png`, '..half.png'],
    ['c:\\users\\ä ö\\SCANS\\head.png', 'head.png'],
    ['C:\\Users\\Ä ö\\scans2\\head.png', 'C:\\Users\\Ä ö\\scans2\\head.png'],
    ['D:\\scans\\head.png', 'D:\\scans\\head.png'],
    ['\\\\server\\share\\head.png', '\\\\server\\share\\head.png'],
  ])('the picture %s is called %s in a notebook', (file, shown) => {
    expect(shownPath(folder, file)).toBe(shown);
    // Whoever opens the notebook finds it again by that name.
    expect(path.resolve(folder, shown).toLowerCase()).toBe(file.toLowerCase());
  });

  it('an annotation is named by what the notebook says: a folder that was copied from elsewhere finds its own', () => {
    const id = sessionId(shownPath(folder, `${folder}\\a b\\head.png`), '');
    expect(id).toBe(sessionId('a b/head.png', ''));
    expect(id).toMatch(/^head-png-[0-9a-f]{12}$/);
  });

  it.each([
    ['C:\\runs\\heart\\checkpoints\\best.safetensors', 'heart'],
    ['C:\\runs\\heart 2.safetensors', 'heart 2'],
    ['\\\\server\\runs\\heart\\checkpoints\\last.safetensors', 'heart'],
  ])('adapters of %s are called %s', (file, name) => {
    expect(adapterName(file)).toBe(name);
  });

  it('a model is a file where it is named by a path', () => {
    expect(['C:\\models\\sam', '.\\sam', 'sam.pth'].map(isModelPath)).toEqual([true, true, true]);
    expect(isModelPath('phantom-sam')).toBe(false);
  });
});
