import { describe, expect, it } from 'vitest';
import type { PromptEntry } from '../../../src/protocol';
import { cornerOf, promptAt } from '../../../webview/image/promptHit';

const place = { left: 10, top: 20, scaleX: 2, scaleY: 2 };
const entry = (id: string, points: [number, number][]): PromptEntry => ({
  ...{ id, prompt: { kind: 'scribble', points, label: 1 } },
});
const lines = [
  entry('bent', [[5, 5], [25, 5], [25, 25]]), // prettier-ignore
  entry('across', [[15, 0], [15, 10]]), // prettier-ignore
  entry('dot', [[40, 40]]),
];
const at = (x: number, y: number) => promptAt(lines, { x: 10 + 2 * x, y: 20 + 2 * y }, place)?.id ?? null;

describe('a scribble', () => {
  it('can be picked singly anywhere along its line, the last one drawn first', () => {
    expect(at(8, 6)).toBe('bent');
    expect(at(25, 15)).toBe('bent');
    expect(at(15, 5)).toBe('across');
    expect(at(15, 15)).toBeNull();
  });

  it('of a single position can be picked too', () => {
    expect(at(41, 41)).toBe('dot');
    expect(at(44, 44)).toBeNull();
  });

  it('offers its removal at its upper right', () => {
    expect(cornerOf(lines[0].prompt, place)).toEqual({ x: 60, y: 30 });
  });
});
