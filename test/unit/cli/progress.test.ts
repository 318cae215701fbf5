import { describe, expect, it } from 'vitest';
import { durationText } from '../../../src/kernel/cli/duration';
import { Output } from '../../../src/kernel/cli/output';
import { ProgressLine } from '../../../src/kernel/cli/progress';
import { tableLines } from '../../../src/kernel/cli/table';
import { KeptStreams } from './streams';

describe('progress', () => {
  it('is one line drawn again and again on a terminal, never wider than it', () => {
    const streams = new KeptStreams({ isTTY: true, columns: 40 });
    let now = 0;
    const line = new ProgressLine(streams.stderr, () => now);
    line.show('images read', 1, 4);
    line.show('images read', 2, 4); // too soon for an eye
    now = 60;
    line.show('images read', 3, 4);
    line.clear();
    const drawn = streams.err.split('\r\x1b[K').filter((part) => part !== '');
    expect(drawn).toEqual(['██████░░░░░░░░░░░░░░░░░ 1/4 images read', '█████████████████░░░░░░ 3/4 images read']);
    expect(drawn.map((text) => text.length)).toEqual([39, 39]);
    expect(streams.err.endsWith('\r\x1b[K')).toBe(true);
  });

  it('is a line now and then in a log: at once for another kind of work, not for every step', () => {
    const streams = new KeptStreams();
    let now = 0;
    const line = new ProgressLine(streams.stderr, () => now);
    for (let step = 1; step <= 5; step++, now += 1000) line.show(`epochs, step ${step}, loss ${1 / step}`, 0, 3);
    now = 12_000;
    line.show('epochs, step 9, loss 0.1', 1, 3);
    line.show('images evaluated', 1, 8);
    line.clear();
    expect(streams.err).toBe(
      '0/3 epochs, step 1, loss 1\n1/3 epochs, 12 s each, 24 s left, step 9, loss 0.1\n1/8 images evaluated\n',
    );
  });

  it('tells the rate and the time left of this work, not of what came before it', () => {
    const streams = new KeptStreams({ isTTY: true, columns: 70 });
    let now = 0;
    const line = new ProgressLine(streams.stderr, () => now);
    line.show('images read', 1, 10);
    now = 60_000;
    // Goes on from 40: those were done before.
    line.show('MB, fetching a', 40, 400);
    now = 61_000;
    line.show('MB, fetching a', 60, 400); // too early to tell
    now = 70_000;
    line.show('MB, fetching a', 140, 400);
    now = 96_000;
    line.show('MB, fetching a', 400, 400);
    const drawn = streams.err.split('\r\x1b[K').map((text) => text.replace(/^[█░]* /, ''));
    expect(drawn.slice(1)).toEqual([
      '1/10 images read',
      '40/400 MB, fetching a',
      '60/400 MB, fetching a',
      '140/400 MB, 10/s, 26 s left, fetching a',
      '400/400 MB, 10/s, fetching a',
    ]);
  });

  it('is cut where the terminal ends', () => {
    const streams = new KeptStreams({ isTTY: true, columns: 30 });
    new ProgressLine(streams.stderr, () => 0).show('batches, epoch 1/40, loss 0.1234', 10, 400);
    expect(streams.err).toBe('\r\x1b[K░░░░░░░░ 10/400 batches, epoc');
  });

  it('leaves the terminal before a line is written', () => {
    const streams = new KeptStreams({ isTTY: true });
    const output = new Output(streams, false);
    output.progress('drawn', 1, 2);
    output.line('a line');
    output.note('a note');
    expect(streams.err).toMatch(/drawn\r\x1b\[Ka note\n$/);
    expect(streams.out).toBe('a line\n');
  });
});

describe('a duration', () => {
  it.each([
    [0.4, '0 s'],
    [59, '59 s'],
    [60, '1 min'],
    [185, '3 min 5 s'],
    [7_800, '2 h 10 min'],
    [7_200, '2 h'],
    [100_800, '1 d 4 h'],
    [-3, '0 s'],
  ])('of %d seconds', (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });
});

describe('a table', () => {
  it('aligns text to the left and figures to the right', () => {
    const rows = [
      ['prompts', 'Dice'],
      ['1-point', '0.9'],
      ['bbox', '0.95'],
    ];
    expect(tableLines(rows)).toEqual(['prompts  Dice', '1-point   0.9', 'bbox     0.95']);
    expect(tableLines(rows, [0, 1])).toEqual(['prompts  Dice', '1-point  0.9', 'bbox     0.95']);
  });
});
