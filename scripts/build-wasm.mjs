/**
 * Compiles src/wasm/assembly to src/wasm/module/binaries.generated.ts: the module as base64 text, so that Node, bundlers and
 * workers load it without being told where a file lies. Beside it, layout.generated.ts holds what callers of the module
 * must know of its sources. Does nothing when both were made from these sources by this compiler.
 */
import { fileURLToPath } from 'node:url';
import { buildWasm } from './wasm/build.mjs';

await buildWasm(fileURLToPath(new URL('..', import.meta.url)));
