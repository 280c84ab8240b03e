/** Run by node-lanes.ts in a process of its own: prints the pairs per second of the backend of the settings, as JSON. */
import '../helpers/setup.js';
import { describeKernels } from './describe-kernels.js';
import { measurePairsPerSecond } from './throughput.js';

const pairsPerSecond = await measurePairsPerSecond();
console.log(JSON.stringify({ pairsPerSecond, ...(await describeKernels()) }));
process.exit(0); // a graphics device would keep the process alive
