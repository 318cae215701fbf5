import path from 'node:path';
import type { Checksums } from '../downloads';
import { fileHash } from '../inference/modelFile';
import { publishedModels, type PublishedModel, type StoredModel } from '../models';
import { gpuSize } from './gpuReport';
import { tableLines } from './table';

/** A model as `med-sa models` tells of it. */
export interface ListedModel {
  readonly name: string;
  readonly title: string;
  /** `lost`: a link to a file that is gone. */
  readonly state: 'embedded' | 'here' | 'absent' | 'lost';
  readonly file: string | null;
  /** Bytes of the file that is here, else of the published one; null: of neither is it known. */
  readonly size: number | null;
  readonly sizeIsExact: boolean;
  readonly licence: string | null;
  readonly checksums: Checksums;
  /** Where it is to be had, or the file that it is a link to. */
  readonly from: string | null;
  readonly page: string | null;
}

/** A model that comes with the installation; its sum is that of its file. */
export async function embeddedEntry(name: string, file: string, size: number): Promise<ListedModel> {
  return {
    name,
    title: 'small SAM, comes with Med-SA',
    state: 'embedded',
    file,
    size,
    sizeIsExact: true,
    licence: 'Apache-2.0',
    checksums: { sha256: await fileHash(file) },
    from: null,
    page: null,
  };
}

/** Every published model, here or not, then what else is here. */
export function listedModels(stored: readonly StoredModel[]): ListedModel[] {
  const found = (name: string): StoredModel | null => stored.find((one) => one.name === name) ?? null;
  const others = stored.filter(({ name }) => !publishedModels.some((model) => model.name === name));
  return [...publishedModels.map((model) => publishedEntry(model, found(model.name))), ...others.map(ownEntry)];
}

const stateOf = (stored: StoredModel | null): ListedModel['state'] =>
  stored === null ? 'absent' : stored.size === null ? 'lost' : 'here';

const publishedEntry = (model: PublishedModel, stored: StoredModel | null): ListedModel => ({
  name: model.name,
  title: model.title,
  state: stateOf(stored),
  file: stored?.file ?? null,
  size: stored?.size ?? model.size.bytes,
  sizeIsExact: model.size.exact || typeof stored?.size === 'number',
  licence: model.licence,
  checksums: model.checksums,
  from: model.url,
  page: model.page,
});

const ownEntry = (stored: StoredModel): ListedModel => ({
  name: stored.name,
  title: stored.linkTo === null ? 'added here' : 'a link',
  state: stateOf(stored),
  file: stored.file,
  size: stored.size,
  sizeIsExact: true,
  licence: null,
  checksums: {},
  from: stored.linkTo,
  page: null,
});

const states = { embedded: 'yes (embedded)', here: 'yes', absent: 'no', lost: 'no (its link leads nowhere)' };

/** The list for people. */
export function modelsLines(models: readonly ListedModel[], folder: string): string[] {
  const heading = ['name', 'here', 'size', 'licence', 'checksum', 'what', 'from'];
  return [
    ...tableLines([heading, ...models.map(cells)], [0, 1, 3, 4, 5, 6]),
    `models that are got or added lie in ${folder}; whole checksums: --json`,
  ];
}

const cells = ({ name, state, size, sizeIsExact, licence, checksums, title, from }: ListedModel): string[] => [
  name,
  states[state],
  size === null ? '?' : `${sizeIsExact ? '' : '≈ '}${gpuSize(size)}`,
  licence ?? '?',
  checksumCell(checksums),
  title,
  from === null ? '' : URL.canParse(from) && !path.isAbsolute(from) ? new URL(from).host : from,
];

/** The strongest sum that is known, its beginning. */
function checksumCell({ sha256, md5 }: Checksums): string {
  if (sha256 !== undefined) return `sha256 ${sha256.slice(0, 8)}…`;
  return md5 === undefined ? 'none known' : `md5 ${md5.slice(0, 8)}…`;
}
