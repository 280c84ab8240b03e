/** Run by node-lanes.ts in a process of its own: prints the pairs per second of the backend of the settings, as JSON. */
import '../helpers/setup.js';
import { measurePairsPerSecond } from './throughput.js';

console.log(JSON.stringify({ pairsPerSecond: await measurePairsPerSecond() }));
process.exit(0); // a graphics device would keep the process alive
