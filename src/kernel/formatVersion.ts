import { UserError } from './errors';

/**
 * Refuses what this version cannot know the meaning of. Numbers are raised when the meaning of what is written changes, not
 * when entries are added.
 * @param file what is read: a file, or a folder
 * @param found the version that it states, as a number or as text; nothing, where the first ones stated none
 * @param known the newest that this version reads
 * @param purpose what an update is for: "read"
 * @throws UserError when it is newer
 */
export function requireKnownVersion(file: string, found: unknown, known: number, purpose = 'read'): void {
  if (!(Number(found) > known)) return;
  throw new UserError(
    `${file} was made by a newer version of Med-SA Notebook (format ${Number(found)}; this one knows ${known}): ` +
      `update to ${purpose} it`,
    { file },
  );
}
