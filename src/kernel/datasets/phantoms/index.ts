export { drawPhantom, leastVisiblePixels, type Phantom, type PhantomOptions } from './draw';
export { familyNames, isFamilyName, pretrainingFamilies, type FamilyName } from './families';
export { drawVolume, isVolumeFamily, volumeFamilies, type VolumeFamily, type VolumePhantom } from './volume';
export { writePhantoms, type WritePhantomsOptions, type WrittenPhantoms } from './write';
