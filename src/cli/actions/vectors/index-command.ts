import { onInterrupt } from 'simclr-ts/node';
import { findLaunch } from '../../../mpi/launch.js';
import type { Action } from '../../context.js';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { warnOfSkipped } from '../pictures.js';
import { checkSome, describeChanges, many, type OpenIndexOptions, openIndex } from './folder-vectors.js';

/** A network fitted to fewer pictures than a quarter of the folder's may suit them badly. */
const grown = 4;

/** The part of this process: what --shard says, or its rank under mpirun. */
function shardOf({ shard }: OpenIndexOptions): { index: number; count: number } | undefined {
  if (shard) return shard;
  const { rank, size = 1 } = findLaunch(process.env) ?? {};
  return rank === undefined || size < 2 ? undefined : { index: rank, count: size };
}

/** `index DIR`: embeds what is new in a folder, and keeps the vectors. */
export const indexPictures: Action<OpenIndexOptions> = async ([dir], options, context) => {
  const interrupt = onInterrupt();
  const shard = shardOf(options);
  try {
    const plan = { ...options, signal: interrupt.signal, ...(shard && { shard }) };
    const { index, simclr, model } = await openIndex(dir!, plan, context);
    index.dispose();
    simclr?.dispose();
    const { changes, location, paths, skipped } = index;
    const { at, dim, kind, fittedTo = 0 } = index.model;
    if (interrupt.signal.aborted) {
      throw new CommandError(
        `Interrupted. ${location} keeps what was embedded: ${describeChanges(changes)}.`,
        interrupt.exitCode!,
      );
    }
    if (changes.pending === 0) checkSome(dir!, paths, skipped);
    warnOfSkipped([...skipped], context);
    const lines = [
      `${location}: ${many(paths.length, 'vector')} of ${dim} numbers`,
      describeChanges(changes),
      kind === 'given'
        ? `model: ${model}${at === 'readout' ? ', at its read-out' : ''}`
        : `model: none; a network that nobody trained, fitted to ${many(fittedTo, 'picture')} of this folder`,
    ];
    if (kind === 'fitted' && fittedTo < 5000 && paths.length > grown * fittedTo) {
      lines.push('The folder has grown: --rebuild fits the network to all its pictures.');
    }
    return {
      text: lines.join('\n'),
      json: {
        location,
        pictures: paths.length,
        at,
        dim,
        model: { kind, path: model, fingerprint: index.model.fingerprint, ...(fittedTo > 0 && { fittedTo }) },
        ...(shard && { shard: { index: shard.index + 1, count: shard.count } }),
        ...changes,
        skipped,
      },
      exitCode: exitCodes.success,
    };
  } finally {
    interrupt.dispose();
  }
};
