import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** The result of {@link writeTensors}: the hash of the file, or the first tensor with a value that is not finite. */
export type WrittenTensors = { sha256: string } | { tensor: number; value: number };

/**
 * The program of the thread, as CommonJS: a string, because a bundler would not find a file. It searches for NaN and
 * infinities before it writes anything, and ends with the file flushed to the disk.
 */
const code = `
const { closeSync, fsyncSync, openSync, writeSync } = require('node:fs');
const { createHash } = require('node:crypto');
const { parentPort, workerData: { file, tensors, finite } } = require('node:worker_threads');

function nonFinite() {
  for (const [tensor, { buffer, byteOffset, byteLength }] of tensors.entries()) {
    if (!finite[tensor]) continue;
    const values = new Float32Array(buffer, byteOffset, byteLength / 4);
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i] * 0;
    if (sum !== 0) return { tensor, value: values.find((value) => !Number.isFinite(value)) };
  }
}

function write() {
  const hash = createHash('sha256');
  const descriptor = openSync(file, 'w');
  try {
    for (const bytes of tensors) {
      hash.update(bytes);
      for (let offset = 0; offset < bytes.length; ) offset += writeSync(descriptor, bytes, offset);
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return { sha256: hash.digest('hex') };
}

let reply;
try {
  reply = nonFinite() ?? write();
} catch ({ message, code }) {
  reply = { failed: { message, code } };
}
parentPort.postMessage(reply);
`;

/**
 * Writes tensors to a file, in sequence, in a thread of its own, so that searching, hashing, and writing do not take the
 * calling thread's time.
 *
 * @param tensors - The bytes of each. Buffers are detached by the call; views of shared memory are read where they are, and
 *   must stay unchanged until the promise settles.
 * @param finite - For each tensor whether it must be of finite float32 numbers.
 * @throws the system's error when the file cannot be written.
 */
export async function writeTensors(
  file: string,
  tensors: (ArrayBuffer | Uint8Array<SharedArrayBuffer>)[],
  finite: boolean[],
): Promise<WrittenTensors> {
  const worker = new Worker(code, {
    eval: true,
    // The options of the process, also those in the environment, are not for this program: it needs no loader, and
    // --input-type would change what kind of module its text is.
    execArgv: [],
    env: {},
    workerData: {
      file,
      tensors: tensors.map((bytes) => (ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes))),
      finite,
    },
    transferList: tensors.filter((bytes) => !ArrayBuffer.isView(bytes)) as ArrayBuffer[],
  });
  const ended = once(worker, 'exit').then(([status]) => {
    throw new Error(`the thread that writes ended with code ${status}`);
  });
  ended.catch(() => {}); // it ends after its answer too
  const [reply] = (await Promise.race([once(worker, 'message'), ended])) as [
    WrittenTensors | { failed: { message: string; code: string } },
  ];
  if (!('failed' in reply)) return reply;
  throw Object.assign(new Error(reply.failed.message), { code: reply.failed.code });
}
