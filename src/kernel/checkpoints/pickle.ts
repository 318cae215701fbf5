import { PickleError, type PickleInput } from './pickleInput';

/** What a pickle may name: the few functions and types of a state dict, and how each is carried out here. */
export interface PickleHost {
  /** A value for `module.name`; a function is what REDUCE may call. @throws PickleError for any that is not known. */
  global(module: string, name: string): unknown;
  /** What a persistent id stands for. */
  persistent(id: unknown): unknown;
}

type Callable = (...args: unknown[]) => unknown;

const isCallable = (value: unknown): value is Callable => typeof value === 'function';

const Op = {
  MARK: 0x28,
  STOP: 0x2e,
  POP: 0x30,
  POP_MARK: 0x31,
  DUP: 0x32,
  BINFLOAT: 0x47,
  BININT: 0x4a,
  BININT1: 0x4b,
  BININT2: 0x4d,
  NONE: 0x4e,
  BINPERSID: 0x51,
  REDUCE: 0x52,
  BINSTRING: 0x54,
  SHORT_BINSTRING: 0x55,
  BINUNICODE: 0x58,
  APPEND: 0x61,
  BUILD: 0x62,
  GLOBAL: 0x63,
  APPENDS: 0x65,
  BINGET: 0x68,
  LONG_BINGET: 0x6a,
  BINPUT: 0x71,
  LONG_BINPUT: 0x72,
  SETITEM: 0x73,
  TUPLE: 0x74,
  SETITEMS: 0x75,
  EMPTY_DICT: 0x7d,
  EMPTY_LIST: 0x5d,
  EMPTY_TUPLE: 0x29,
  PROTO: 0x80,
  TUPLE1: 0x85,
  TUPLE2: 0x86,
  TUPLE3: 0x87,
  NEWTRUE: 0x88,
  NEWFALSE: 0x89,
  LONG1: 0x8a,
  SHORT_BINUNICODE: 0x8c,
  BINUNICODE8: 0x8d,
  STACK_GLOBAL: 0x93,
  MEMOIZE: 0x94,
  FRAME: 0x95,
} as const;

/**
 * Interprets one pickle (protocol 2 to 5) as data: dicts become Maps, lists and tuples arrays, numbers numbers. `input` stands
 * behind it afterwards. Nothing is imported or executed: a name is looked up in `host`, and REDUCE calls only what `host` gave. Opcodes that torch.save
 * does not use in a checkpoint of plain containers, numbers, text and tensors are refused. (CPython, pickletools.py.)
 * @throws PickleError
 */
export function unpickle(input: PickleInput, host: PickleHost): unknown {
  const memo = new Map<number, unknown>();
  const marks: number[] = [];
  const stack: unknown[] = [];

  const pop = (): unknown => {
    if (stack.length <= (marks.at(-1) ?? 0)) throw new PickleError('its stack runs empty');
    return stack.pop();
  };
  const peek = (): unknown => {
    const value = pop();
    stack.push(value);
    return value;
  };
  const popMark = (): unknown[] => {
    const mark = marks.pop();
    if (mark === undefined) throw new PickleError('a mark is missing');
    return stack.splice(mark);
  };
  const popMany = (count: number): unknown[] => Array.from({ length: count }, pop).reverse();
  const recall = (key: number): void => {
    if (!memo.has(key)) throw new PickleError(`its memo has no entry ${key}`);
    stack.push(memo.get(key));
  };

  for (;;) {
    const op = input.uint8();
    switch (op) {
      case Op.PROTO:
        if (input.uint8() > 5) throw new PickleError('it is of a later pickle protocol than 5');
        break;
      case Op.FRAME:
        input.uint64();
        break;
      case Op.STOP:
        return pop();

      case Op.NONE:
        stack.push(null);
        break;
      case Op.NEWTRUE:
        stack.push(true);
        break;
      case Op.NEWFALSE:
        stack.push(false);
        break;
      case Op.BININT:
        stack.push(input.int32());
        break;
      case Op.BININT1:
        stack.push(input.uint8());
        break;
      case Op.BININT2:
        stack.push(input.uint16());
        break;
      case Op.LONG1:
        stack.push(input.long(input.uint8()));
        break;
      case Op.BINFLOAT:
        stack.push(input.float64BigEndian());
        break;
      // Text of Python 2, whose names are ASCII.
      case Op.BINSTRING:
      case Op.BINUNICODE:
        stack.push(input.text(input.uint32()));
        break;
      case Op.SHORT_BINSTRING:
      case Op.SHORT_BINUNICODE:
        stack.push(input.text(input.uint8()));
        break;
      case Op.BINUNICODE8:
        stack.push(input.text(input.uint64()));
        break;

      case Op.EMPTY_DICT:
        stack.push(new Map());
        break;
      case Op.EMPTY_LIST:
      case Op.EMPTY_TUPLE:
        stack.push([]);
        break;
      case Op.TUPLE:
        stack.push(popMark());
        break;
      case Op.TUPLE1:
      case Op.TUPLE2:
      case Op.TUPLE3:
        stack.push(popMany(op - Op.TUPLE1 + 1));
        break;
      case Op.APPEND: {
        const item = pop();
        append(peek(), [item]);
        break;
      }
      case Op.APPENDS: {
        const items = popMark();
        append(peek(), items);
        break;
      }
      case Op.SETITEM: {
        const pair = popMany(2);
        setItems(peek(), pair);
        break;
      }
      case Op.SETITEMS: {
        const pairs = popMark();
        setItems(peek(), pairs);
        break;
      }

      case Op.MARK:
        marks.push(stack.length);
        break;
      case Op.POP:
        pop();
        break;
      case Op.POP_MARK:
        popMark();
        break;
      case Op.DUP:
        stack.push(peek());
        break;
      case Op.BINPUT:
        memo.set(input.uint8(), peek());
        break;
      case Op.LONG_BINPUT:
        memo.set(input.uint32(), peek());
        break;
      case Op.MEMOIZE:
        memo.set(memo.size, peek());
        break;
      case Op.BINGET:
        recall(input.uint8());
        break;
      case Op.LONG_BINGET:
        recall(input.uint32());
        break;

      case Op.GLOBAL:
        stack.push(host.global(input.line(), input.line()));
        break;
      case Op.STACK_GLOBAL: {
        const [module, name] = popMany(2);
        stack.push(host.global(String(module), String(name)));
        break;
      }
      case Op.BINPERSID:
        stack.push(host.persistent(pop()));
        break;
      case Op.REDUCE: {
        const [callable, args] = popMany(2);
        if (!isCallable(callable) || !Array.isArray(args)) throw new PickleError('it calls what is no function');
        stack.push(callable(...(args as unknown[])));
        break;
      }
      case Op.BUILD:
        // Attributes of an OrderedDict (a state dict's `_metadata`): they do not concern its items.
        pop();
        if (!(peek() instanceof Map)) throw new PickleError('it sets the state of something that is no dict');
        break;
      default:
        throw new PickleError(`it uses opcode 0x${op.toString(16)}, which a state dict does not need`);
    }
  }
}

function append(list: unknown, items: readonly unknown[]): void {
  if (!Array.isArray(list)) throw new PickleError('it appends to what is no list');
  for (const item of items) list.push(item);
}

function setItems(dict: unknown, pairs: readonly unknown[]): void {
  if (!(dict instanceof Map) || pairs.length % 2 !== 0) throw new PickleError('it sets items of what is no dict');
  for (let index = 0; index < pairs.length; index += 2) dict.set(pairs[index], pairs[index + 1]);
}
