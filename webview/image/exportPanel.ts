import type { ExportFormat, ImageInfo } from '../../src/protocol';
import { element } from '../shared/dom';
import { section } from './controls';

interface Format {
  name: string;
  /** What the file or folder is called after the image's name. */
  ending: string;
}

const formats: Readonly<Record<ExportFormat, Format>> = {
  nifti: { name: 'NIfTI label map', ending: '-labels.nii.gz' },
  'dicom-seg': { name: 'DICOM SEG', ending: '-seg.dcm' },
  'png-labels': { name: 'PNG labels', ending: '-labels' },
  'png-overlay': { name: 'PNG overlays', ending: '-overlays' },
  coco: { name: 'COCO JSON', ending: '-coco.json' },
  pairs: { name: 'Data set to train on', ending: '-data' },
};

/** Writes the masks to a file, or to a folder where the format has several files. */
export class ExportPanel {
  readonly root: HTMLElement;
  private readonly path = element('input', { type: 'text', 'aria-label': 'File or folder', spellcheck: false });

  constructor(image: ImageInfo, write: (format: ExportFormat, path: string) => void) {
    const options = Object.entries(formats).map(([value, { name }]) => element('option', { value }, name));
    const list = element('select', { 'aria-label': 'Format' }, ...options);
    const chosen = () => list.value as ExportFormat;
    // Beside the notebook: its folder is where relative paths begin.
    const stem = image.name.replace(/(\.nii)?\.[A-Za-z0-9]+$/, '') || 'image';
    const propose = () => (this.path.value = stem + formats[chosen()].ending);
    list.addEventListener('change', propose);
    propose();
    const button = element('button', { type: 'button', class: 'word' }, 'Save');
    button.addEventListener('click', () => {
      const path = this.path.value.trim();
      if (path) write(chosen(), path);
      else propose();
    });
    this.path.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') button.click();
    });
    this.root = section('Save', [], element('div', { class: 'saving' }, list, button, this.path));
  }
}
