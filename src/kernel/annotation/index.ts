export { ImageLibrary, versionOf } from './images';
export { Models } from './models';
export type { ImageSegmenter, ModelDescription, PredictorFactory } from './models';
export { checkedPrompt, promptSet } from './prompts';
export type { AnnotationSession } from './session';
export { AnnotationStore } from './store';
export type { OpenedSession, OpenOptions } from './store';
export { ImageViewers } from './viewers';
export type { ImageViewerRequest } from './viewers';
