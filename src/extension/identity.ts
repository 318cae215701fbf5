// Names that the manifest and the code must agree on.

export const extensionId = 'med-sa.med-sa-notebook';
/** Of the walkthrough. */
export const walkthroughId = 'medSa.start';
export const controllerId = 'med-sa';
export const notebookType = 'jupyter-notebook';
export const cellLanguage = 'typescript';

export const imageRendererId = 'med-sa-image';
export const trainingRendererId = 'med-sa-training';
export const curvesPanelType = 'medSa.curves';
export const inspectorPanelType = 'medSa.inspector';
export const inspectorRendererId = 'med-sa-inspector';

/** Where a run keeps the adapters with the best validation Dice. */
export const bestAdapters = 'checkpoints/best.safetensors';

/** Where a run tells what happens. */
export const eventsFile = 'events.jsonl';
