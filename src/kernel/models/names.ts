import { UsageError, UserError } from '../errors';

/** How checkpoints end; with such an ending a name would be taken for a file. */
export const modelExtensions = ['.safetensors', '.pth', '.pt', '.bin'] as const;

const allowed = /^[a-z0-9](?:[a-z0-9_-]|\.(?=[a-z0-9])){0,63}$/i;
/** What Windows keeps for devices, whatever follows a dot. */
const devices = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** @throws UsageError when a model cannot be called so: it becomes the name of a file, and is typed in commands */
export function requireModelName(name: string): void {
  const ending = modelExtensions.find((extension) => name.toLowerCase().endsWith(extension));
  if (ending !== undefined) {
    throw new UsageError(`"${name}" ends like a file: name the model without "${ending}"`);
  }
  if (allowed.test(name) && !devices.test(name)) return;
  throw new UsageError(
    `"${name}" is no name for a model: take up to 64 letters, digits, "-", "_" and single dots, a letter or digit first`,
  );
}

/** @throws UserError when the name is that of an embedded model; some file systems hold "A" and "a" for one */
export function refuseEmbedded(name: string, embedded: readonly string[]): void {
  if (!embedded.some((one) => one.toLowerCase() === name.toLowerCase())) return;
  throw new UserError(`${name} is embedded: it is always here, and nothing else can have its name`);
}
