// Damage to a message or to the JSON of a file: what a schema must not let through.
import type { Random } from '../../../src/kernel/datasets';

type Container = Record<string, unknown> | unknown[];
type Place = { readonly holder: Container; readonly key: string | number };

const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null;

/** Every place of a value, with its holder; of what was put in already, its cycles and endless lists, none. */
function placesOf(value: unknown, found: Place[] = [], above: readonly unknown[] = []): Place[] {
  if (!isContainer(value) || above.includes(value) || above.length > 50) return found;
  if (Array.isArray(value) && value.length > 10_000) return found;
  const keys: (string | number)[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  for (const key of keys) {
    found.push({ holder: value, key });
    placesOf((value as Record<string | number, unknown>)[key], found, [...above, value]);
  }
  return found;
}

/** Arrays or objects in each other. */
export function nested(depth: number, array: boolean): unknown {
  let value: unknown = array ? [] : {};
  for (let level = 0; level < depth; level++) value = array ? [value] : { points: value };
  return value;
}

/** Values that JSON can say. */
const strange = (random: Random): unknown =>
  random.pick<() => unknown>([
    () => null,
    () => true,
    () => 0,
    () => -1,
    () => 1.5,
    () => 2 ** 31,
    () => 2 ** 53,
    () => -(2 ** 53),
    () => 1e308,
    () => -1e308,
    () => 5e-324,
    () => '',
    () => '0',
    () => '../../../etc/passwd',
    () => '/etc/passwd',
    () => '__proto__',
    () => 'constructor',
    () => '\u0000',
    () => '\u001b[31m\r\n',
    () => '\ud800',
    () => '<img src=x onerror=alert(1)>',
    () => 'x'.repeat(100_000),
    () => [],
    () => ({}),
    () => Array.from({ length: 5000 }, (_, index) => index),
    () => nested(random.pick([40, 5000]), random.chance(0.5)),
    () => ({ length: 2 ** 32 - 1 }),
    () => JSON.parse('{"__proto__": {"type": "viewer/attach"}}') as unknown,
  ])();

/** Values that a message between processes can hold besides: the structured clone takes them. */
const stranger = (random: Random): unknown =>
  random.pick<() => unknown>([
    () => undefined,
    () => NaN,
    () => Infinity,
    () => -Infinity,
    () => 10n ** 30n,
    () => new Date(NaN),
    () => new Map([['x', 1]]),
    () => new Uint8Array(8),
    () => new Array(2 ** 20),
    () => cyclic(),
  ])();

function cyclic(): unknown {
  const ring: Record<string, unknown> = { x: 1, y: 1, points: [] };
  ring.prompt = ring;
  (ring.points as unknown[]).push(ring);
  return ring;
}

/**
 * A copy of the value with one to three things wrong. `wire`: also with what JSON cannot say (NaN, cycles, undefined).
 */
export function damagedValue(
  value: unknown,
  random: Random,
  { wire }: { wire: boolean },
): { value: unknown; what: string } {
  const root = { value: structuredClone(value) };
  const told: string[] = [];
  for (let count = random.pick([1, 1, 1, 2, 3]); count > 0; count--) {
    const { holder, key } = random.pick(placesOf(root));
    const at = holder as Record<string | number, unknown>;
    const kind = random.integer(10);
    const whole = holder === root;
    if (kind === 0 && !whole) {
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete at[key];
    } else if (kind === 1 && !whole) {
      const other = random.pick(placesOf(root));
      at[key] = structuredClone((other.holder as Record<string | number, unknown>)[other.key]);
    } else if (kind === 2 && Array.isArray(at[key])) {
      const items = at[key] as unknown[];
      at[key] =
        items.length === 0 ? [strange(random)] : Array.from({ length: random.pick([0, 2, 300]) }, () => items[0]);
    } else if (kind === 3 && isContainer(at[key]) && !Array.isArray(at[key])) {
      (at[key] as Record<string, unknown>)[random.pick(['type', 'kind', 'extra', 'toString', 'length'])] =
        strange(random);
    } else if (kind === 4 && typeof at[key] === 'number') {
      at[key] = -at[key] * random.pick([1, 1000, 1e12]) + random.pick([0, 0.5]);
    } else if (kind === 5 && typeof at[key] === 'string') {
      const text = at[key];
      at[key] = random.pick([
        text.slice(0, random.integer(text.length + 1)),
        text + text,
        text.toUpperCase(),
        `${text}\0`,
        [text],
      ]);
    } else at[key] = wire && random.chance(0.35) ? stranger(random) : strange(random);
    told.push(String(key));
  }
  return { value: root.value, what: `wrong at ${told.join(', ')}` };
}
