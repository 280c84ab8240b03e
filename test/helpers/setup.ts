import '@tensorflow/tfjs-layers';
import { useBackend } from './backend.js';

await useBackend(process.env.SIMCLR_TEST_BACKEND ?? 'cpu');
