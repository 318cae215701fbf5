export { unitActivity, nearDeadShare, type UnitActivity } from './deadUnits';
export type { FrozenComparison } from './frozenComparison';
export type { ImageInspection } from './imageInspection';
export { AdapterInspector, openInspector } from './inspector';
export { readInspectedModel, type InspectedModel, type InspectorFiles } from './model';
export { blockReadings, readings } from './names';
export type { ChannelPart } from './programs';
export { generatedChanges, type GeneratedChange, type PromptInspection } from './promptInspection';
