import { DataSetWriter } from './dataSetWriter';
import { tags } from './tags';
import { explicitLittleEndian } from './transferSyntax';

/** Names this software in files, as PS3.7 D.3.3.2 wants: from a UUID, which needs no registration. */
const implementation = '2.25.251683421394719823407651237850921734612';
export const manufacturer = 'Med-SA Notebook';

/** The parts of a file (PS3.10 7.1): preamble, what it holds, and the object itself. */
export function dicomFile(sopClass: string, sopInstance: string, content: DataSetWriter): Buffer[] {
  const preamble = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]);
  const meta = new DataSetWriter()
    .bytes(tags.FileMetaInformationVersion, 'OB', Uint8Array.of(0, 1))
    .text(tags.MediaStorageSOPClassUID, 'UI', sopClass)
    .text(tags.MediaStorageSOPInstanceUID, 'UI', sopInstance)
    .text(tags.TransferSyntaxUID, 'UI', explicitLittleEndian)
    .text(tags.ImplementationClassUID, 'UI', implementation)
    .text(tags.ImplementationVersionName, 'SH', 'MED-SA-NOTEBOOK')
    .toBuffer();
  const length = new DataSetWriter().ulong(tags.FileMetaInformationGroupLength, meta.length).toBuffer();
  return [preamble, length, meta, content.toBuffer()];
}
