export { addModel, type AddOptions } from './add';
export { publishedModel, publishedModels, type PublishedModel } from './catalogue';
export { getModel, modelSource, type GetOptions, type ModelCheck, type ModelSource } from './get';
export { refuseEmbedded, requireModelName } from './names';
export { modelsCache, removeModel, storedModel, storedModels, type StoredModel } from './store';
