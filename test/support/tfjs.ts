import * as tf from '@tensorflow/tfjs';

// On the CPU backend: slow, but plain JavaScript that runs everywhere. The flag silences its advertisement.
tf.env().set('IS_TEST', true);
await tf.setBackend('cpu');

export { tf };
