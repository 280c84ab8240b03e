import { join } from 'node:path';
import { SimCLR } from 'simclr-ts';
import {
  type CheckpointDirectory,
  checkpointDirectory,
  describeBackendChoice,
  runDirectory,
  useBestBackend,
} from 'simclr-ts/node';
import { nodeRelease } from '../../backend/host.js';
import { isError } from '../../errors/is-error.js';
import type { Context } from '../context.js';
import { CommandError, exitCodes } from '../exit-codes.js';

/** Options of every command that uses a trained model. */
export interface ModelOptions {
  model: string;
  backend?: string;
}

const install = 'Install one with `npm install @tensorflow/tfjs-backend-wasm`.';

/** Measured by the row step-96-wasm-vs-pytorch-1-thread on Node 20 and 24; see docs/performance.md. */
const newerNode =
  'Node 24 to 26 use 256 bits, where the processor has them, and train 1.7 times as fast (measured on an AMD EPYC).';

/** The backend that computes. */
export interface StartedBackend {
  /** Its name, as `--backend` takes it. */
  name: string;
  /** What it runs on. */
  details: string;
}

/**
 * Activates the requested backend, or the fastest.
 *
 * @throws {@link CommandError} when there is none.
 */
export async function startBackend(prefer: string | undefined, context: Context): Promise<StartedBackend> {
  try {
    const choice = await useBestBackend(prefer === undefined ? {} : { prefer });
    context.note(describeBackendChoice(choice));
    const node = nodeRelease();
    if (choice.name === 'wasm' && node?.architecture === 'x64' && node.major < 24) {
      context.note(`Node ${node.major} computes in vectors of 128 bits. ${newerNode}`);
    }
    if (choice.name === 'cpu' && prefer !== 'cpu') {
      context.warn(`No fast backend works here, and plain JavaScript is very slow. ${install}`);
    }
    return { name: choice.name, details: choice.reasons.find(({ taken }) => taken)!.reason };
  } catch (error) {
    if (!isError(error, 'BackendError')) throw error;
    const reason = /, but (.*)\.$/s.exec(error.message)?.[1];
    const sentence =
      prefer === undefined || reason === undefined
        ? `No backend works here. ${install} (${error.message})`
        : `The backend ${prefer} does not work here: ${reason}. \`simclr-ts backends\` lists those that do.`;
    throw new CommandError(sentence, exitCodes.environment, { cause: error });
  }
}

/** The checkpoints of the run whose model is in `folder`. */
export function checkpointsOf(folder: string): CheckpointDirectory {
  return checkpointDirectory(join(folder, 'checkpoints'));
}

/** Whether a folder holds a model, or the checkpoints of a run that was killed. */
export function holdsModel(folder: string): Promise<boolean> {
  return runDirectory(folder).holdsModel();
}

/** The newest state of the last run in a folder: its model, or a checkpoint if the run was killed. */
export async function loadModel(folder: string, context: Context): Promise<SimCLR> {
  const newest = await runDirectory(folder).newest({
    onDamaged({ name, reason }) {
      context.warn(`${name} in ${folder} is damaged. Using the state before it. ${reason}`);
    },
  });
  return SimCLR.load(newest!);
}

/**
 * Loads the model and activates a backend.
 *
 * @param remedy - What else the user can do without a model.
 * @throws {@link CommandError} when there is no model, `CheckpointError` when it is damaged.
 */
export async function openModel(
  { model, backend }: ModelOptions,
  context: Context,
  remedy = '',
): Promise<SimCLR> {
  if (!(await holdsModel(model))) {
    throw new CommandError(
      `There is no trained model in ${JSON.stringify(model)}. ` +
        `Train one with \`simclr-ts train DIR\`, or give its folder with --model DIR.${remedy}`,
      exitCodes.model,
    );
  }
  await startBackend(backend, context);
  return loadModel(model, context);
}
