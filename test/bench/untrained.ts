import { Random } from '../../src/kernel/datasets/random';
import { writeFileAtomically } from '../../src/kernel/files';
import { constant, sizeOf, tensorData, type TensorData } from '../../src/kernel/graph';
import type { SamConfig } from '../../src/kernel/sam/config';
import type { SamModel } from '../../src/kernel/sam/sam';
import { bare } from '../../src/kernel/sam/seams';
import { samShapes, type ShapeTable } from '../../src/kernel/sam/shapes';

/** Random values repeat after this many: a model of 2.5 GB is made in a second. */
const period = 1 << 18;

/** Uniform in ±size. */
export function noise(random: Random, shape: readonly number[], size: number): TensorData {
  const data = new Float32Array(sizeOf(shape));
  const drawn = Math.min(period, data.length);
  for (let index = 0; index < drawn; index++) data[index] = random.uniform(-size, size);
  for (let filled = drawn; filled < data.length; filled *= 2) data.copyWithin(filled, 0, filled);
  return tensorData(shape, data);
}

/** Every tensor of a model with small random values: they take as long as trained ones. */
export function untrainedTensors(shapes: ShapeTable): Map<string, TensorData> {
  const random = new Random(1);
  return new Map([...shapes].map(([name, shape]) => [name, noise(random.fork(name), shape, 0.02)]));
}

/** A model whose random weights are made as they are asked for: of ViT-B's, a decoder alone takes few. */
export function untrained(config: SamConfig): SamModel {
  const shapes = samShapes(config);
  const random = new Random(1);
  const made = new Map<string, ReturnType<typeof constant>>();
  const weights = (name: string) => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const shape = shapes.get(name);
    if (shape === undefined) throw new Error(`SAM has no tensor ${name}`);
    const tensor = constant(noise(random.fork(name), shape, 0.02), name);
    made.set(name, tensor);
    return tensor;
  };
  return { config, weights, seams: bare };
}

/** Writes a model of random weights tensor by tensor: no process of this benchmark ever holds them all. */
export async function writeUntrained(file: string, config: SamConfig): Promise<void> {
  const shapes = [...samShapes(config)];
  let end = 0;
  const entries = shapes.map(([name, shape]) => {
    const begin = end;
    end += 4 * sizeOf(shape);
    return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }];
  });
  const header = JSON.stringify(Object.fromEntries(entries));
  const padded = Buffer.from(header.padEnd(8 * Math.ceil(header.length / 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const random = new Random(1);
  const chunks = function* (): Generator<Uint8Array> {
    yield length;
    yield padded;
    for (const [, shape] of shapes) {
      const { data } = noise(random, shape, 0.02);
      yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    }
  };
  await writeFileAtomically(file, chunks());
}
