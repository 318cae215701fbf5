import { z } from 'zod';
import { UserError } from '../errors';
import { sizeOf } from '../graph/tensorData';
import { elementTypes, isElementTypeName, type ElementTypeName } from './elementTypes';

/** Where a tensor lies: bytes [begin, end) of the data that follow the header. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly type: ElementTypeName;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const entrySchema = z.object({ dtype: z.string(), shape: z.array(count), data_offsets: z.tuple([count, count]) });
const metadataSchema = z.record(z.string(), z.string());

/**
 * The tensors of a header in the order of their data. As the format demands, they cover the data without gap or overlap.
 * @throws UserError saying which tensor is wrong.
 */
export function parseSafetensorsHeader(
  file: string,
  text: string,
  dataLength: number,
): { entries: SafetensorsEntry[]; metadata: Record<string, string> } {
  const wrong = (why: string): UserError =>
    new UserError(`${file} is damaged or not a safetensors file (${why}): get it again`, { file });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrong('its header is not JSON');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw wrong('its header is not an object');

  const { __metadata__: notes = {}, ...described } = json as Record<string, unknown>;
  const metadata = metadataSchema.safeParse(notes);
  if (!metadata.success) throw wrong('its notes are not text');

  const entries = Object.entries(described).map(([name, value]): SafetensorsEntry => {
    const parsed = entrySchema.safeParse(value);
    if (!parsed.success) throw wrong(`the entry of ${name} is malformed`);
    const { dtype, shape, data_offsets } = parsed.data;
    if (!isElementTypeName(dtype)) {
      throw new UserError(`${file} stores ${name} as ${dtype}, which is not read: convert it to F32 or F16`, { file });
    }
    const [begin, end] = data_offsets;
    if (end > dataLength) throw wrong(`${name} ends at byte ${end} of ${dataLength}: the file is cut short`);
    if (end - begin !== sizeOf(shape) * elementTypes[dtype].size) {
      throw wrong(`${name} of shape [${shape.join(', ')}] and type ${dtype} does not take ${end - begin} bytes`);
    }
    return { name, type: dtype, shape, begin, end };
  });

  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== covered) throw wrong(`${name} ${begin < covered ? 'overlaps another tensor' : 'follows a gap'}`);
    covered = end;
  }
  if (covered !== dataLength) throw wrong(`${dataLength - covered} bytes at its end belong to no tensor`);
  return { entries, metadata: metadata.data };
}
