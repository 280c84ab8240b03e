/**
 * Run by threads.test.ts in a process of its own: waits in a pool with a timeout of 300 ms for tasks that are done after the
 * process was stopped. Says when it stops; then, as JSON, how long it took and what error came of it.
 */
import { writeSync } from 'node:fs';
import { ThreadPool } from '../../src/wasm/threads/thread-pool.js';

const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
let looks = 0;
const exports = {
  begin() {},
  finish() {
    if (++looks === 1) {
      writeSync(1, 'stopping\n');
      process.kill(process.pid, 'SIGSTOP'); // on with SIGCONT, by whoever reads that
    }
    return looks > 3 ? 1 : 0;
  },
};
const pool = new ThreadPool(1, exports, 0, undefined as never, memory, 300);
const began = performance.now();
let error: unknown = null;
try {
  pool.dispatch(0, 0, 1, 0, 0);
} catch (reason) {
  error = String(reason);
}
console.log(JSON.stringify({ error, milliseconds: performance.now() - began }));
