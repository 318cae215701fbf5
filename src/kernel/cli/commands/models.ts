import { statSync } from 'node:fs';
import path from 'node:path';
import { openNetwork, shown } from '../../downloads';
import { UsageError, UserError } from '../../errors';
import { readModel } from '../../inference';
import { embeddedModels, resolveModel } from '../../inference/modelFile';
import {
  addModel,
  getModel,
  modelsCache,
  modelSource,
  publishedModel,
  publishedModels,
  refuseEmbedded,
  removeModel,
  requireModelName,
  storedModels,
  type ModelCheck,
} from '../../models';
import { command, exitCodes, json, type Call } from '../command';
import { gpuSize } from '../gpuReport';
import { embeddedEntry, listedModels, modelsLines } from '../modelsReport';
import { flag, OptionError, text } from '../options';

const actions = ['get', 'add', 'remove'] as const;
type Action = (typeof actions)[number];

const sha256 = text('HEX', 'get: what the file must hash to; a published model must have its published sums anyway');
const options = {
  from: text('URL', 'get: fetch it from this address: a mirror, or a model that is not in the list'),
  sha256: {
    ...sha256,
    parse: (given: string): string => {
      if (/^[0-9a-f]{64}$/i.test(given)) return given.toLowerCase();
      throw new OptionError(`is "${given}": give the 64 hexadecimal digits of a SHA-256`);
    },
  },
  name: text('NAME', 'add: what to call it (default: the published model that it is, else as its file)'),
  link: flag('add: keep a link to the file instead of a copy'),
  json,
};
type ModelsCall = Call<typeof options>;

const optionsOf: Readonly<Record<Action, readonly string[]>> = {
  get: ['from', 'sha256'],
  add: ['name', 'link'],
  remove: [],
};

/** med-sa models */
export const models = command(
  {
    name: 'models',
    summary: 'List the models that are known, get one, add one of yours, or remove one.',
    operands: [
      { name: 'ACTION', description: `${actions.join(', ')}; without one, the list`, optional: true },
      { name: 'NAME|FILE', description: 'get, remove: the name of a model; add: a SAM checkpoint', optional: true },
    ],
    options,
    notes: [
      'A model that is here can be named wherever one is named: --model NAME, the setting medSa.model. Nothing is',
      'fetched unless get is called. An interrupted get goes on where it stopped; only a whole file with the right',
      "checksum that reads as a SAM gets its name. pip's and npm's proxy and certificate settings count.",
    ],
  },
  async (call) => {
    const [given, operand] = call.operands;
    const action = actions.find((one) => one === given);
    if (given !== undefined && action === undefined) {
      throw new UsageError(`ACTION is "${given}": choose one of ${actions.join(', ')} (see: med-sa models --help)`);
    }
    requireFitting(call, action);
    if (action === undefined) return listModels(call);
    if (operand === undefined) {
      throw new UsageError(`${action === 'add' ? 'FILE' : 'NAME'} is missing (see: med-sa models --help)`);
    }
    if (action === 'add') return addFile(operand, call);
    return action === 'get' ? get(operand, call) : remove(operand, call);
  },
);

/** @throws UsageError for an option of another action */
function requireFitting({ values }: ModelsCall, action: Action | undefined): void {
  const fitting = action === undefined ? [] : optionsOf[action];
  const wrong = Object.entries(values).find(
    ([name, value]) => name !== 'json' && value !== undefined && value !== false && !fitting.includes(name),
  );
  if (wrong === undefined) return;
  const owner = actions.find((one) => optionsOf[one].includes(wrong[0]));
  throw new UsageError(`--${wrong[0]} belongs to med-sa models ${owner} (see: med-sa models --help)`);
}

async function listModels({ output }: ModelsCall): Promise<number> {
  const embedded = [];
  for (const name of await embeddedModels()) {
    const file = await resolveModel(name);
    embedded.push(await embeddedEntry(name, file, statSync(file).size));
  }
  const list = [...embedded, ...listedModels(storedModels())];
  const folder = modelsCache();
  output.result({ folder, models: list }, modelsLines(list, folder));
  return exitCodes.success;
}

async function get(name: string, { values, output, interrupts: { signal } }: ModelsCall): Promise<number> {
  requireModelName(name);
  refuseEmbedded(name, await embeddedModels());
  const source = modelSource(name, publishedModel(name), values);
  const { published, checksums, url } = source;
  if (Object.keys(checksums).length === 0) {
    output.note(`no checksum of ${name} is known: only its length, and that it is a SAM, can be checked`);
  }
  const terms = published === null ? '' : ` (${published.title}, ${published.licence}, ${published.page})`;
  output.note(`getting ${name}${terms} from ${shownIfAddress(url)}`);
  const network = openNetwork();
  try {
    const onProgress = (done: number, total: number | null): void =>
      output.progress(`MB, fetching ${name}`, megabytes(done), megabytes(total ?? published?.size.bytes ?? done + 1e6));
    const { model, changed } = await getModel(source, {
      folder: modelsCache(),
      check: requireSam,
      network,
      signal,
      onProgress,
    });
    const { file, size } = model;
    output.result({ name, changed, file, size, from: shownIfAddress(url), checksums }, [
      changed ? `${name} is here now: ${file}` : `${name} was here already, and is right: ${file}`,
      `use it with: --model ${name}`,
    ]);
    return exitCodes.success;
  } finally {
    await network.close();
  }
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);

/** What is no address goes on as it is: the download says what is wrong with it. */
const shownIfAddress = (url: string): string => (URL.canParse(url) ? shown(url) : url);

const requireSam: ModelCheck = async (file, as) => {
  const { config } = await readModel(file);
  if (as === null || config.name === as.encoder) return;
  throw new UserError(`${file} is a SAM of another size (${config.name}) than ${as.name} (${as.encoder})`, { file });
};

async function addFile(given: string, { values, output, interrupts: { signal } }: ModelsCall): Promise<number> {
  const { name, file, size, linkTo } = await addModel(path.resolve(given), {
    folder: modelsCache(),
    name: values.name ?? null,
    embedded: await embeddedModels(),
    link: values.link,
    check: requireSam,
    published: publishedModels,
    signal,
  });
  output.result({ name, file, size, linkTo }, [
    linkTo === null ? `${name} is here now: ${file}` : `${name} is a link to ${linkTo} now: do not move that file`,
    `use it with: --model ${name}`,
  ]);
  return exitCodes.success;
}

async function remove(name: string, { output }: ModelsCall): Promise<number> {
  requireModelName(name);
  refuseEmbedded(name, await embeddedModels());
  const freed = removeModel(name);
  output.result({ name, removed: freed !== null, bytes: freed ?? 0 }, [
    freed === null ? `there is no model ${name} in ${modelsCache()}` : `${name} removed: ${gpuSize(freed)} freed`,
  ]);
  return exitCodes.success;
}
