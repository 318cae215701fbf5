export { mismatchOf, type Checksums } from './checksums';
export { contentLength } from './contentLength';
export { download, type DownloadOptions } from './download';
export { DownloadError, shown } from './failure';
export { networkSettings, openNetwork, type Network, type NetworkSettings } from './network';
export { pipSettings, type PipSettings } from './pipSettings';
export { thisPlace, type Place } from './place';
export { fetchText, type FetchedText } from './text';
