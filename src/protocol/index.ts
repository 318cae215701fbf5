export * from './annotation';
export * from './fineTune';
export * from './image';
export * from './kernel';
export * from './sliceCoding';
export * from './training';
export * from './viewer';
export * from './viewerV1';
