import { describe, expect, it } from 'vitest';
import { begin, type Draft, type DraftOptions, finish, hold, lead } from '../../../webview/image/draft';
import { movedEntry } from '../../../webview/image/promptMove';

const at = (x: number, y: number) => ({ x, y });
const drawn = (tool: DraftOptions['tool'], sign: 0 | 1, places: [number, number][], dragged = true) => {
  const [first, ...rest] = places.map(([x, y]) => at(x, y));
  const options: DraftOptions = { tool, sign, radius: 3 };
  return finish(rest.reduce<Draft>((draft, to) => lead(draft, to, dragged), begin(options, first)));
};

describe('a draft', () => {
  it('of points is a point, or a box when it was dragged', () => {
    const point = { kind: 'point', x: 5, y: 6, label: 0 };
    expect(drawn('point', 0, [[5, 6]]).drawn).toEqual({ kind: 'prompt', prompt: point });
    expect(
      drawn(
        'point',
        0,
        [
          [5, 6],
          [6, 6],
        ],
        false,
      ).drawn,
    ).toEqual({ kind: 'prompt', prompt: point });
    const box = { kind: 'box', x0: 2, y0: 6, x1: 5, y1: 9 };
    expect(
      drawn('point', 0, [
        [5, 6],
        [2, 9],
      ]).drawn,
    ).toEqual({ kind: 'prompt', prompt: box });
    expect(
      drawn('point', 0, [
        [5, 6],
        [2, 6],
      ]).drawn,
    ).toBeNull();
  });

  it('of a box waits for its second corner after a click', () => {
    const { drawn: nothing, rest } = drawn('box', 1, [[5, 6]]);
    expect(nothing).toBeNull();
    const done = finish(lead(rest!, at(9, 1), false));
    expect(done).toEqual({
      drawn: { kind: 'prompt', prompt: { kind: 'box', x0: 5, y0: 1, x1: 9, y1: 6 } },
      rest: null,
    });
  });

  it('of a scribble is a line of places that differ, or a point', () => {
    const { drawn: line } = drawn('scribble', 0, [
      [1, 1],
      [1.1, 1.1],
      [4, 1],
      [4, 5],
    ]);
    expect(line).toEqual({
      kind: 'prompt',
      prompt: {
        kind: 'scribble',
        label: 0,
        points: [
          [1, 1],
          [4, 1],
          [4, 5],
        ],
      },
    });
    expect(drawn('scribble', 1, [[1, 1]]).drawn).toEqual({
      kind: 'prompt',
      prompt: { kind: 'point', x: 1, y: 1, label: 1 },
    });
  });

  it('of brush and eraser is a stroke; the other sign turns one into the other', () => {
    const erases = (tool: 'brush' | 'eraser', sign: 0 | 1) => {
      const { drawn: stroke } = drawn(tool, sign, [
        [1, 1],
        [3, 1],
      ]);
      return stroke?.kind === 'stroke' && stroke.stroke.erase;
    };
    expect([erases('brush', 1), erases('brush', 0), erases('eraser', 1), erases('eraser', 0)]).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('that the keyboard began waits for a second Enter, unless a place says it all', () => {
    const kinds = (['point', 'box', 'scribble', 'brush'] as const).map((tool) => {
      const held = hold(begin({ tool, sign: 1, radius: 2 }, at(1, 1)));
      return held.kind === 'press' ? 'done' : held.held && held.kind;
    });
    expect(kinds).toEqual(['done', 'box', 'scribble', 'stroke']);
  });
});

it('a prompt that is moved stays in the picture', () => {
  const size = { width: 100, height: 50 };
  const moved = (prompt: Parameters<typeof movedEntry>[0]['entry']['prompt']) =>
    movedEntry({ entry: { id: 'a', prompt }, from: at(0, 0), to: at(-30, 40) }, size).prompt;
  expect(moved({ kind: 'point', x: 50, y: 5, label: 1 })).toEqual({ kind: 'point', x: 20, y: 45, label: 1 });
  expect(moved({ kind: 'box', x0: 10, y0: 10, x1: 30, y1: 20 })).toEqual({
    kind: 'box',
    x0: 0,
    y0: expect.closeTo(39.99),
    x1: 20,
    y1: expect.closeTo(49.99),
  });
});
