import { DataSetWriter } from './dataSetWriter';
import { tags } from './tags';

/** An item that refers to an object. */
export const reference = (sopClass: string, sopInstance: string): DataSetWriter =>
  new DataSetWriter()
    .text(tags.ReferencedSOPClassUID, 'UI', sopClass)
    .text(tags.ReferencedSOPInstanceUID, 'UI', sopInstance);

/** An item of a code sequence (PS3.3 8.8). */
export const code = (value: string, scheme: string, meaning: string): DataSetWriter =>
  new DataSetWriter()
    .text(tags.CodeValue, 'SH', value)
    .text(tags.CodingSchemeDesignator, 'SH', scheme)
    .text(tags.CodeMeaning, 'LO', meaning);
