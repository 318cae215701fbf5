export * from './kernel';
export * from './training';
export * from './viewer';
