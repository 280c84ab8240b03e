/**
 * Compiles src/wasm/assembly to src/wasm/module/binaries.generated.ts: the module as base64 text, so that Node,
 * bundlers and workers load it without a file's address. layout.generated.ts next to it holds the constants and offsets
 * that callers need. src/wasm/tfjs/*.generated.ts hold TensorFlow.js's own binaries likewise, compressed. Does nothing when
 * all are up to date with the sources and the compiler.
 */
import { fileURLToPath } from 'node:url';
import { buildWasm } from './wasm/build.mjs';
import { writeTfjsBinaries } from './wasm/tfjs-binaries.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
await buildWasm(root);
await writeTfjsBinaries(root);
