import { describe, expect, it } from 'vitest';
import type { CommandSpec } from '../../../src/kernel/cli/command';
import {
  box,
  choice,
  choices,
  decimal,
  flag,
  point,
  repeated,
  required,
  text,
  whole,
} from '../../../src/kernel/cli/options';
import { parseCommandLine } from '../../../src/kernel/cli/parse';
import { UsageError } from '../../../src/kernel/errors';

const spec = {
  name: 'try',
  summary: 'A command with an option of each kind.',
  operands: [{ name: 'IMAGE', description: 'an image' }],
  options: {
    data: required(text('DIR', 'data')),
    epochs: whole(1, 'epochs'),
    lr: decimal(0, 'rate'),
    share: decimal(0, 'share', 1),
    tune: choice(['adapters', 'decoder', 'full'], 'what'),
    prompts: choices(['1-point', '3-points', 'bbox-0.5'], 'settings'),
    point: repeated(point('points')),
    box: box('box'),
    'image-size': whole(1, 'side'),
    json: flag('json'),
  },
  notes: [],
} satisfies CommandSpec;

const parse = (...args: string[]) => parseCommandLine(spec, args);
const complaint = (...args: string[]): string => {
  try {
    parse(...args);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  throw new Error(`${args.join(' ')} was accepted`);
};

describe('the command line', () => {
  it('takes an operand that is optional or not', () => {
    const operands = [
      { name: 'ACTION', description: 'what', optional: true },
      { name: 'NAME', description: 'of what', optional: true },
    ];
    const read = (...args: string[]) => parseCommandLine({ ...spec, options: {}, operands }, args).operands;
    expect([read(), read('get'), read('get', 'it')]).toEqual([[], ['get'], ['get', 'it']]);
    expect(() => read('get', 'it', 'all')).toThrow(/"all" is one word too many/);
  });

  it('reads every kind of option, in any order, with = or without', () => {
    const { values, operands } = parse(
      ...['--point', '3,4', '--data=here', 'scan.png', '--epochs', '7', '--lr', '1e-3', '--json'],
      ...['--point=5.5,6,0', '--box', '1,2,3.5,4', '--tune', 'full', '--prompts', '1-point,bbox-0.5,1-point'],
      ...['--image-size', '128'],
    );
    expect(operands).toEqual(['scan.png']);
    expect(values).toEqual({
      data: 'here',
      epochs: 7,
      lr: 1e-3,
      share: undefined,
      tune: 'full',
      prompts: ['1-point', 'bbox-0.5'],
      point: [
        { x: 3, y: 4, label: 1 },
        { x: 5.5, y: 6, label: 0 },
      ],
      box: [1, 2, 3.5, 4],
      'image-size': 128,
      json: true,
    });
  });

  it('takes a negative number as a value, which the work may refuse with better words', () => {
    expect(parse('x', '--data', 'd', '--point', '-5,3').values.point).toEqual([{ x: -5, y: 3, label: 1 }]);
  });

  it('takes what follows -- as it stands', () => {
    expect(parse('--data', 'd', '--', '--odd-name.png').operands).toEqual(['--odd-name.png']);
  });

  it('suggests the option that was meant', () => {
    expect(complaint('x', '--data', 'd', '--epoch', '3')).toMatch(
      /^there is no option --epoch: did you mean --epochs\? .*med-sa try --help/,
    );
    expect(complaint('x', '--data', 'd', '--imagesize', '3')).toContain('did you mean --image-size?');
    expect(complaint('x', '--data', 'd', '--zzz')).toMatch(/^there is no option --zzz \(see/);
    expect(complaint('x', '--data', 'd', '-e', '3')).toContain('there is no option -e');
    expect(complaint('x', '--data', 'd', '--constructor', '3')).toContain('there is no option --constructor');
  });

  it('says what is missing, doubled or too much', () => {
    expect(complaint('x')).toContain('--data DIR is missing');
    expect(complaint('--data', 'd')).toContain('IMAGE is missing: name an image');
    expect(complaint('x', 'y', '--data', 'd')).toContain('"y" is one word too many');
    expect(complaint('x', '--data', 'd', '--data', 'e')).toContain('--data is given twice');
    expect(complaint('x', '--data')).toContain('--data needs a value: --data DIR');
    expect(complaint('x', '--data', '--json')).toContain('--data needs a value');
    expect(complaint('x', '--data', 'd', '--json=yes')).toContain('--json takes no value');
    expect(complaint('x', '--data=')).toContain('--data is empty');
  });

  it.each([
    ['--epochs', '0', 'give a whole number from 1'],
    ['--epochs', '2.5', 'give a whole number from 1'],
    ['--epochs', 'many', 'give a number'],
    ['--epochs', '0x10', 'give a number'],
    ['--lr', '0', 'above 0'],
    ['--lr', 'NaN', 'give a number'],
    ['--share', '1', 'above 0 and below 1'],
    ['--tune', 'adapter', 'did you mean adapters?'],
    ['--tune', 'everything', 'choose one of adapters, decoder, full'],
    ['--prompts', '1-point,2-points', 'did you mean'],
    ['--point', '3', 'give X,Y or X,Y,0 or X,Y,1'],
    ['--point', '3,4,2', 'its label is 1'],
    ['--point', '3,', 'give X,Y'],
    ['--box', '1,2,3', 'give X0,Y0,X1,Y1'],
  ])('refuses %s %s', (option, value, reason) => {
    const message = complaint('x', '--data', 'd', option, value);
    expect(message).toContain(option);
    expect(message).toContain(reason);
  });
});
