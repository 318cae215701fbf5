import { topologicalOrder } from './differentiate';
import { isConstant, type Primitive, type PrimitiveAttributes, type Tensor } from './primitives';
import { sameShape, show } from './shapes';
import type { Extent, Sizes } from './sizes';
import type { TensorData } from './tensorData';

/** What is built at one choice of sizes. */
export interface Sample {
  readonly sizes: Sizes;
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** All nodes, inputs before users. */
  readonly order: readonly Tensor[];
  readonly places: ReadonlyMap<Tensor, number>;
}

export function sampleOf(outputs: Readonly<Record<string, Tensor>>, sizes: Sizes): Sample {
  const order = topologicalOrder(Object.values(outputs));
  return { sizes, outputs, order, places: new Map(order.map((tensor, place) => [tensor, place])) };
}

/** The primitives with attributes that count entries. */
type Sized = {
  [P in Primitive]: PrimitiveAttributes<Extent>[P] extends PrimitiveAttributes[P] ? never : P;
}[Primitive];

/** Which attributes these are. */
const sizedAttributes: { readonly [P in Sized]: readonly (keyof PrimitiveAttributes[P])[] } = {
  inverseSize: ['extents'],
  reshape: ['shape'],
  broadcastTo: ['shape'],
  slice: ['starts', 'ends'],
  pad: ['before', 'after'],
};

/** The numbers of a node that may change with the sizes. */
export interface Counts {
  readonly shape: readonly number[];
  readonly attributes: Readonly<Record<string, readonly number[]>>;
}

export function countsOf({ primitive, attributes, shape }: Tensor): Counts {
  const names: readonly string[] = primitive in sizedAttributes ? sizedAttributes[primitive as Sized] : [];
  const all = attributes as unknown as Readonly<Record<string, readonly number[]>>;
  return { shape, attributes: Object.fromEntries(names.map((name) => [name, all[name]])) };
}

/** Why two samples are not the same graph but for counts of entries; null when they are. */
export function differenceOf(a: Sample, b: Sample): string | null {
  const [here, there] = [a, b].map(({ sizes }) => showSizes(sizes));
  for (const [place, x] of a.order.entries()) {
    const y = b.order.at(place);
    if (y?.primitive !== x.primitive) {
      return `${describe(a, x)} at ${here} is ${y ? describe(b, y) : 'missing'} at ${there}`;
    }
    if (isConstant(x) && isConstant(y) && !sameValues(x.attributes.value, y.attributes.value)) {
      return `${describe(a, x)} depends on the sizes: at ${there} it holds other values than at ${here}`;
    }
    if (operands(a, x) !== operands(b, y) || fixedAttributes(x) !== fixedAttributes(y)) {
      return `${describe(a, x)} at ${here} has other operands or attributes at ${there}`;
    }
  }
  if (a.order.length !== b.order.length) {
    return `it has ${a.order.length} nodes at ${here}, but ${b.order.length} at ${there}`;
  }
  return outputPlaces(a) === outputPlaces(b) ? null : `it has other outputs at ${there} than at ${here}`;
}

const outputPlaces = ({ outputs, places }: Sample): string =>
  JSON.stringify(Object.entries(outputs).map(([name, tensor]) => [name, places.get(tensor)]));

const operands = ({ places }: Sample, { inputs }: Tensor): string => inputs.map((source) => places.get(source)).join();

/** What of a node is not a count, and how many counts there are, as text to compare. */
function fixedAttributes(tensor: Tensor): string {
  if (isConstant(tensor)) return String(tensor.attributes.name);
  const { shape, attributes } = countsOf(tensor);
  const counts = Object.values(attributes).map(({ length }) => length);
  return JSON.stringify([
    shape.length,
    counts,
    Object.entries(tensor.attributes).filter(([name]) => !(name in attributes)),
  ]);
}

function sameValues(a: TensorData, b: TensorData): boolean {
  if (a === b) return true;
  if (!sameShape(a.shape, b.shape)) return false;
  if (a.source && b.source) return a.source.file === b.source.file && a.source.offset === b.source.offset;
  const [x, y] = [a.data, b.data];
  return x === y || x.every((value, index) => Object.is(value, y[index]));
}

export const showSizes = (sizes: Sizes): string =>
  Object.entries(sizes)
    .map(([name, size]) => `${name} = ${size}`)
    .join(', ');

/** A node in words: where it stands, what it is, who uses it. */
export function describe({ order, places }: Sample, tensor: Tensor): string {
  const name = isConstant(tensor) && tensor.attributes.name !== null ? ` ${tensor.attributes.name}` : '';
  const user = order.find(({ inputs }) => inputs.includes(tensor));
  const use = user === undefined ? '' : ` for ${user.primitive} ${show(user.shape)}`;
  return `node ${places.get(tensor)} (${tensor.primitive}${name} ${show(tensor.shape)}${use})`;
}
