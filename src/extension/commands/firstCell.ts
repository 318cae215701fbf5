import { t } from '../l10n';

/** What a new notebook begins with. */
export const firstCell = (): string =>
  `// ${t('A picture, a volume or a DICOM folder, relative to this notebook.')}\nawait open("scan.png")`;
