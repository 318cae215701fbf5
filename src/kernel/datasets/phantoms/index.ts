export { drawPhantom, leastVisiblePixels, type Phantom, type PhantomOptions } from './draw';
export { familyNames, isFamilyName, pretrainingFamilies, type FamilyName } from './families';
