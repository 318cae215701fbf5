import { familyNames, volumeFamilies, writePhantoms } from '../../datasets/phantoms';
import { command, exitCodes, json } from '../command';
import { folder } from '../commonOptions';
import { choice, required, text, whole } from '../options';

/** med-sa phantoms */
export const phantoms = command(
  {
    name: 'phantoms',
    summary: 'Draw a data set of medical-like images with exact masks.',
    operands: [],
    options: {
      out: required(folder('Folder to make; it must be new or empty, or hold this drawing already')),
      kind: choice(['2d', 'volume'], 'Pictures or volumes (default 2d)'),
      format: choice(['nifti', 'dicom'], 'Of volumes: NIfTI (default), or DICOM series with segmentations'),
      family: text('NAME', `What is drawn: ${familyNames.join(', ')}; volumes: ${volumeFamilies.join(', ')}`),
      count: whole(1, 'Pictures or volumes (default 24)'),
      seed: whole(0, 'The same seed draws the same set (default 1)'),
      json,
    },
    notes: ['Without --family, pictures mix the families of pre-training; vertebrae is not one of them.'],
  },
  async ({ values: { out, kind, format, family, count, seed }, output, interrupts }) => {
    const { signal } = interrupts;
    const onProgress = (done: number, total: number): void => output.progress('drawn', done, total);
    const written = await writePhantoms({ out, kind, format, family, count, seed, onProgress, signal });
    output.result({ ...written, kind: kind ?? '2d', family: family ?? null }, [
      `${written.count} ${kind === 'volume' ? 'volumes' : 'pictures'} of ${written.subjects} ${written.subjects === 1 ? 'subject' : 'subjects'} in ${written.folder}`,
    ]);
    return exitCodes.success;
  },
);
