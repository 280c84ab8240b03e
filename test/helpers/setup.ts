import '@tensorflow/tfjs-layers';
import { useBackend } from './backend.js';
import { testSetting } from './setting.js';

await useBackend(testSetting('BACKEND') ?? 'cpu');
