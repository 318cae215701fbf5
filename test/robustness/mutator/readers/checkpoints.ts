// Named tensors: .pth old and new, safetensors, models, adapters, training states, stored embeddings, zip archives.
import fs from 'node:fs';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { readTensors, writeSafetensors } from '../../../../src/kernel/checkpoints';
import { ZipArchive } from '../../../../src/kernel/checkpoints/zipArchive';
import { openFile } from '../../../../src/kernel/files';
import { readAdapters, writeAdapters } from '../../../../src/kernel/inference/adapterFile';
import { EmbeddingFolder } from '../../../../src/kernel/inference/embeddingFolder';
import { fileHash, readModel } from '../../../../src/kernel/inference/modelFile';
import { attachmentShapes } from '../../../../src/kernel/medsa/attachment';
import { readState, writeState, freshState } from '../../../../src/kernel/training/state';
import { tensorData, type TensorData } from '../../../../src/kernel/graph';
import { projectRoot } from '../../../support/projectRoot';
import { tinyConfig, writeTinyModel } from '../../../support/tinyModel';
import {
  call,
  checkpoint,
  dict,
  global,
  int,
  list,
  pickle,
  storage,
  tensor,
  text,
  type Pickled,
} from '../../../unit/checkpoints/pickleAssembler';
import { expectThat, fileReader, type Reader, type Seed, type Special } from '../reader';

function checkTensors({ tensors }: { readonly tensors: ReadonlyMap<string, TensorData> }): void {
  for (const [name, { shape, data }] of tensors) {
    const whole = shape.every((extent) => Number.isInteger(extent) && extent >= 0);
    const count = shape.reduce((product, extent) => product * extent, 1);
    expectThat(whole && data.length === count, `${name} [${shape.join(', ')}] has ${data.length} values`);
  }
}

const fixtures = (...names: string[]): Seed[] =>
  names.map((name) => ({
    files: { [path.basename(name)]: fs.readFileSync(path.join(projectRoot, 'test', 'fixtures', name)) },
  }));

const small = (): Pickled => dict({ weight: tensor(storage('FloatStorage', '0', 6), 0, [2, 3], [3, 1]) });

/** Pickles that no damage at random would make. */
const hostilePickle: Special = (random) => {
  const values = { 0: new Float32Array(6) };
  const made: Record<string, () => Uint8Array> = {
    'code by name': () => checkpoint(call(global('os', 'system'), text('touch hacked')), values),
    'nested calls': () => checkpoint(call(global('builtins', 'eval'), text('1')), values),
    'a list ten thousand deep': () => {
      let value: Pickled = int(1);
      for (let depth = 0; depth < 10_000; depth++) value = [0x5d, ...value, 0x61];
      return checkpoint(dict({ weight: value }), values);
    },
    'a list that holds itself': () => checkpoint([0x5d, 0x71, 1, 0x68, 1, 0x61], values),
    'a dict that holds itself': () => checkpoint([0x7d, 0x71, 1, ...text('state_dict'), 0x68, 1, 0x73], values),
    'a huge shape': () =>
      checkpoint(dict({ w: tensor(storage('FloatStorage', '0', 6), 0, [2 ** 30, 2 ** 30], [0, 0]) }), values),
    'a negative shape': () =>
      checkpoint(dict({ w: tensor(storage('FloatStorage', '0', 6), 0, [-2, -3], [3, 1]) }), values),
    'negative strides': () =>
      checkpoint(dict({ w: tensor(storage('FloatStorage', '0', 6), 0, [2, 3], [-3, 1]) }), values),
    'a view beyond its storage': () =>
      checkpoint(dict({ w: tensor(storage('FloatStorage', '0', 6), 4, [2, 3], [3, 1]) }), values),
    'a storage larger than its entry': () =>
      checkpoint(dict({ w: tensor(storage('FloatStorage', '0', 2 ** 30), 0, [2, 3], [3, 1]) }), values),
    'a storage elsewhere': () =>
      checkpoint(dict({ w: tensor(storage('FloatStorage', '../../../../etc/passwd', 6), 0, [2, 3], [3, 1]) }), values),
    'the names of prototypes': () =>
      checkpoint(dict({ __proto__x: int(1), constructor: int(2), state_dict: list() }), values),
    'an expanded tensor': () =>
      checkpoint(dict({ w: tensor(storage('FloatStorage', '0', 6), 0, [4096, 4096], [0, 0]) }), values),
    'memos doubled': () => {
      // Each list holds the one before twice: a billion laughs, if anybody counted them.
      const rounds = Array.from({ length: 40 }, (_, at) => [0x28, 0x68, at, 0x68, at, 0x74, 0x71, at + 1]);
      return checkpoint([0x29, 0x71, 0, ...rounds.flat()], values);
    },
    'no state dict': () => pickle(small()),
  };
  const what = random.pick(Object.keys(made));
  return { what, files: { 'model.pth': Buffer.from(made[what]()) } };
};

/** Zeros that pack a thousandfold; with a lying size, too. */
const zipBomb: Special = (random) => {
  const count = random.pick([1 << 20, 8 << 20, 20 << 20]);
  const root = dict({ w: tensor(storage('FloatStorage', '0', count), 0, [count], [1]) });
  const zip = Buffer.from(
    zipSync(
      {
        'model/data.pkl': [pickle(root), { level: 0 }],
        'model/data/0': [new Uint8Array(random.pick([4 * count, 1000])), { level: 1 }],
      },
      { level: 1 },
    ),
  );
  return { what: `a zip bomb of ${count} values`, files: { 'model.pth': zip } };
};

const headerOf = (header: unknown, data = Buffer.alloc(24)): Buffer => {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
};

const safetensorsHeaders: Special = (random) => {
  const entry = { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] };
  const header = random.pick<unknown>([
    { w: { ...entry, shape: [2 ** 52, 2 ** 52] } },
    { w: { ...entry, shape: [0, 2 ** 53 - 1], data_offsets: [0, 0] } },
    { w: { ...entry, shape: [-2, -3] } },
    { w: { ...entry, shape: Array.from({ length: 10_000 }, () => 1) } },
    { w: { ...entry, data_offsets: [24, 0] } },
    { w: { ...entry, dtype: '__proto__' } },
    { w: { ...entry, dtype: 'toString' } },
    '{"__proto__": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}',
    '['.repeat(50_000),
    { __metadata__: { x: 'y'.repeat(1 << 20) }, w: entry },
    { a: entry, b: entry },
  ]);
  return { what: `a header ${JSON.stringify(header).slice(0, 80)}`, files: { 'model.safetensors': headerOf(header) } };
};

async function safetensorsSeeds(folder: string): Promise<Seed[]> {
  const file = path.join(folder, 'small.safetensors');
  const tensors = new Map([
    ['weight', tensorData([2, 3], Float32Array.from([1, 2, 3, 4, 5, 6]))],
    ['bias', tensorData([3], Float32Array.from([1, 2, 3]))],
    ['scalar', tensorData([], Float32Array.of(7))],
  ]);
  await writeSafetensors(file, tensors, { format: 'test', note: 'é' });
  const full = fs.readFileSync(file);
  await writeSafetensors(file, tensors, {}, { half: true });
  return [full, fs.readFileSync(file)].map((bytes) => ({ files: { 'model.safetensors': bytes } }));
}

const readChecked = async (file: string): Promise<void> => checkTensors(await readTensors(file));

/** A model, and adapters for it, as the product writes them. */
async function modelAndAdapters(folder: string): Promise<{ model: string; adapters: Buffer }> {
  const model = path.join(folder, 'tiny.safetensors');
  if (!fs.existsSync(model)) await writeTinyModel(model);
  const options = {
    variant: 'paper',
    bottleneck: 4,
    decoderBottleneck: 4,
    scale: 0.5,
    slices: null,
    padding: 'after-norm',
    prompt: 'hyper',
  } as const;
  const shapes = attachmentShapes(tinyConfig, options);
  const tensors = new Map(
    [...shapes].map(([name, shape]) => [name, tensorData(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)))]),
  );
  const file = path.join(folder, 'adapters.safetensors');
  const baseHash = await fileHash(model);
  await writeAdapters(file, tensors, { tune: 'adapters', options, imageSize: 64, base: 'tiny', baseHash, step: 3 });
  return { model, adapters: fs.readFileSync(file) };
}

let modelFile = '';

export const checkpointReaders: readonly Reader[] = [
  fileReader(
    '.pth',
    6,
    async () => [
      ...fixtures('checkpoints/training.pth', 'checkpoints/views.pth'),
      { files: { 'model.pth': Buffer.from(checkpoint(small(), { 0: new Float32Array(6) })) } },
      { files: { 'model.pth': Buffer.from(checkpoint(small(), { 0: new Float32Array(6) }, { level: 6 })) } },
    ],
    readChecked,
    [hostilePickle, zipBomb],
  ),
  fileReader(
    '.pth before 1.6',
    5,
    async () =>
      fixtures('checkpoints/training-legacy.pth', 'checkpoints/views-legacy.pth', 'checkpoints/code-legacy.pth'),
    readChecked,
  ),
  fileReader('safetensors', 5, safetensorsSeeds, readChecked, [safetensorsHeaders]),
  fileReader(
    'model',
    2,
    async (folder) => {
      await modelAndAdapters(folder);
      return [{ files: { 'model.safetensors': fs.readFileSync(path.join(folder, 'tiny.safetensors')) } }];
    },
    async (file) => {
      const model = await readModel(file);
      checkTensors(model);
    },
  ),
  fileReader(
    'adapters',
    4,
    async (folder) => {
      const { model, adapters } = await modelAndAdapters(folder);
      modelFile = model;
      return [{ files: { 'adapters.safetensors': adapters } }, ...fixtures('adapters/tiny-0.1.0.safetensors')];
    },
    async (file) => {
      checkTensors(await readAdapters(file, await readModel(modelFile)));
    },
  ),
  fileReader(
    'training state',
    3,
    async (folder) => {
      const file = path.join(folder, 'state.safetensors');
      await writeState(file, freshState(new Float32Array(30)), 100);
      return [{ files: { 'state.safetensors': fs.readFileSync(file) } }];
    },
    async (file) => {
      const { state, eventBytes } = await readState(file, 30);
      const { step, epoch, batch, sinceBest } = state;
      expectThat(
        [step, epoch, batch, sinceBest, eventBytes].every((count) => Number.isSafeInteger(count) && count >= 0),
        'a position',
      );
      expectThat(
        [state.parameters, state.firstMoment, state.secondMoment].every(({ length }) => length === 30),
        'vectors',
      );
    },
  ),
  fileReader(
    'stored embedding',
    2,
    async (folder) => {
      const store = new EmbeddingFolder(folder, 2 ** 30);
      await store.write('ab', [tensorData([1, 2, 3, 4], new Float32Array(24))]);
      return [{ files: { 'ab.embedding': fs.readFileSync(path.join(folder, 'ab.embedding')) } }];
    },
    async (file) => {
      // A cache: what is damaged is not there.
      const tensors = await new EmbeddingFolder(path.dirname(file), 2 ** 30).read('ab');
      for (const [at, one] of (tensors ?? []).entries()) checkTensors({ tensors: new Map([[String(at), one]]) });
    },
  ),
  fileReader(
    'zip archive',
    3,
    async () => [
      {
        files: {
          'archive.zip': Buffer.from(
            zipSync({
              'a/library.so': [new Uint8Array(5000).fill(7), { level: 6 }],
              'b.txt': [deflateRawSync(Buffer.alloc(99)), { level: 0 }],
            }),
          ),
        },
      },
    ],
    async (file) => {
      const { handle, size } = await openFile(file);
      try {
        const zip = await ZipArchive.open(handle, file, size);
        for (const name of zip.names) {
          let length = 0;
          for await (const piece of await zip.stream(name)) length += piece.length;
          expectThat(length === zip.sizeOf(name), `${name} gave ${length} bytes of ${zip.sizeOf(name)}`);
        }
      } finally {
        await handle.close();
      }
    },
  ),
];
