import { setTimeout as sleep } from 'node:timers/promises';
import { type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers';
import {
  BatchNormalization,
  type Callback,
  type ContrastiveLoss,
  type ImageArray,
  ntXentLoss,
  SGD,
  SimCLR,
  simclrAugmentation,
} from 'simclr-ts';
import { type Communicator, dataParallel } from 'simclr-ts/distributed';
import { useBackend } from '../helpers/backend.js';
import { hashedValues } from '../helpers/hashed-values.js';

/** What the ranks of a test do. */
export interface Task {
  name: 'collectives' | 'mismatch' | 'train' | 'die';
  options?: TrainOptions;
}

/** What differs between runs of `train`. */
export interface TrainOptions {
  batchSize: number;
  pictures?: number;
  seeds?: number[];
  groups?: number;
  synchronize?: boolean;
  customLoss?: boolean;
  viewBatching?: 'joint' | 'separate';
  stopAt?: number;
  throwOn?: number;
  dropPicture?: boolean;
  maxSteps?: number;
}

/** An encoder with batch normalization after a convolution and a head with one after its dense layer. */
function models(groups: number): { encoder: LayersModel; head: LayersModel } {
  const initializer = (seed: number) => ({
    kernelInitializer: { className: 'HeNormal', config: { seed } } as never,
  });
  const encoder = sequential({
    layers: [
      layers.conv2d({
        inputShape: [8, 8, 3],
        filters: 6,
        kernelSize: 3,
        strides: 2,
        useBias: false,
        ...initializer(1),
      }),
      new BatchNormalization({ activation: 'relu', groups }),
      layers.conv2d({ filters: 6, kernelSize: 3, activation: 'relu', ...initializer(2) }),
      layers.globalAveragePooling2d({}),
    ],
  });
  const head = sequential({
    layers: [
      layers.dense({ inputShape: [6], units: 8, useBias: false, ...initializer(3) }),
      new BatchNormalization({ scale: false, groups }),
      layers.dense({ units: 5, ...initializer(4) }),
    ],
  });
  return { encoder, head };
}

/** Pictures of noise, each round a color of its own. */
export function somePictures(count: number): ImageArray {
  const noise = hashedValues('pictures', count * 192);
  const colors = hashedValues('colors', count * 3);
  const data = Float32Array.from(noise, (value, i) => {
    const color = colors[Math.floor(i / 192) * 3 + (i % 3)]!;
    return 0.5 + 0.35 * color + 0.1 * value;
  });
  return { data, shape: [count, 8, 8, 3] };
}

/** Trains a little and returns losses, weights and what the callbacks of this rank saw. */
export async function train(communicator: Communicator, options: TrainOptions) {
  const { rank } = communicator;
  const { batchSize, pictures = 26, seeds = [], groups = 1, synchronize = true } = options;
  const { encoder, head } = models(groups);
  const loss: ContrastiveLoss = (a, b) => ntXentLoss(a, b, { temperature: 0.5 });
  const simclr = new SimCLR({
    encoder,
    projectionHead: head,
    augmentation: simclrAugmentation({ size: 8, blur: false }),
    optimizer: new SGD({ learningRate: 0.05, momentum: 0.9 }),
    seed: seeds[rank] ?? 3,
    viewBatching: options.viewBatching ?? 'joint',
    ...(options.customLoss ? { loss } : {}),
  });
  const seen: string[] = [];
  const watcher: Callback = {
    onStepEnd(step, context) {
      seen.push(`step ${step.step} of ${step.pairs}`);
      if (step.step === options.throwOn) throw new Error('the disk is full');
      if (step.step === options.stopAt) context.stop('enough');
    },
  };
  const data = somePictures(options.dropPicture && rank === 1 ? pictures - 1 : pictures);
  const history = await dataParallel(simclr, communicator, {
    synchronizeBatchNormalization: synchronize,
    bucketBytes: 500,
  }).fit(data, {
    batchSize,
    epochs: 2,
    callbacks: [watcher],
    ...(options.maxSteps === undefined ? {} : { maxSteps: options.maxSteps }),
  });
  return {
    losses: history.steps.map(({ loss }) => loss),
    outcome: history.outcome,
    reason: history.reason,
    seen,
    weights: [encoder, head].flatMap((model) =>
      model.getWeights().flatMap((weight) => [...weight.dataSync()]),
    ),
  };
}

/** Every operation, in both its forms, on arrays longer than a slot. */
async function collectives({ rank, size, synchronous, ...communicator }: Communicator) {
  const long = () => Float32Array.from({ length: 2500 }, (_, i) => i + rank);
  const [sum, sumNow] = [long(), long()];
  await communicator.allReduce(sum);
  synchronous!.allReduce(sumNow);
  const extremes = [Int32Array.of(rank, -rank), Float64Array.of(rank, -rank)] as const;
  await communicator.allReduce(extremes[0], 'max');
  synchronous!.allReduce(extremes[1], 'min');
  const root = Uint8Array.of(rank, 7);
  await communicator.broadcast(root, size - 1);
  const gathered = await communicator.allGather(Float32Array.of(rank, 10 * rank));
  const gatheredNow = synchronous!.allGather(long());
  await communicator.barrier();
  return {
    sum: [...sum],
    sumNow: [...sumNow],
    extremes: extremes.map((values) => [...values]),
    root: [...root],
    gathered: [...gathered],
    gatheredNow: [...gatheredNow],
  };
}

/** Runs a task as one rank. */
export async function perform(task: Task, communicator: Communicator): Promise<unknown> {
  const { rank, size } = communicator;
  if (task.name === 'collectives') {
    return collectives({
      rank,
      size,
      synchronous: communicator.synchronous,
      allReduce: (values, reduction) => communicator.allReduce(values, reduction),
      allGather: (values) => communicator.allGather(values),
      broadcast: (values, root) => communicator.broadcast(values, root),
      barrier: () => communicator.barrier(),
      abort: (error) => communicator.abort(error),
    });
  }
  if (task.name === 'mismatch') {
    return communicator.allReduce(new Float32Array(rank === 1 ? 3 : 2), rank === 1 ? 'max' : 'sum');
  }
  if (task.name === 'die') {
    if (rank === 1) {
      await sleep(100);
      process.exit(3);
    }
    return communicator.synchronous!.allReduce(new Float32Array(4));
  }
  await startBackend();
  return train(communicator, task.options!);
}

/** The backend of the tests, with one thread: ranks share the machine. */
export async function startBackend(): Promise<void> {
  const backend = process.env.SIMCLR_TEST_BACKEND ?? 'cpu';
  if (backend === 'wasm') (await import('../../src/wasm/index.js')).setThreadCount(1);
  await useBackend(backend);
}
