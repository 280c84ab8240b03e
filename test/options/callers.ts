import { type io, type Tensor2D, type Tensor4D, zeros } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import * as augmentations from 'simclr-ts/augmentations';
import * as data from 'simclr-ts/data';
import * as distributed from 'simclr-ts/distributed';
import * as doctor from 'simclr-ts/doctor';
import * as evaluation from 'simclr-ts/evaluation';
import * as features from 'simclr-ts/features';
import * as interop from 'simclr-ts/interop';
import * as losses from 'simclr-ts/losses';
import * as models from 'simclr-ts/models';
import * as mpi from 'simclr-ts/mpi';
import * as node from 'simclr-ts/node';
import * as optimizers from 'simclr-ts/optimizers';
import * as random from 'simclr-ts/random';
import * as recipes from 'simclr-ts/recipes';
import * as report from 'simclr-ts/report';
import * as training from 'simclr-ts/training';
import * as vite from 'simclr-ts/vite';
import * as worker from 'simclr-ts/worker';
import { memoryCheckpoints } from '../training/memory-checkpoints.js';
import { tinyPictures, tinySimCLR } from '../training/tiny.js';

/** What calls need beside their options; made once, disposed of by the test. */
export interface World {
  simclr: training.SimCLR;
  readout: features.Readout;
  view: Tensor2D;
  pictures: Tensor4D;
  saved: io.IOHandler;
  /** Where trainers are served, and one of them. */
  port: MessagePort;
  remote: worker.RemoteTrainer;
}

/** Factors may be greater than 1 and need not be integers. */
const fitUnchecked = {
  'schedules.strength.from': 'a factor of any size',
  'schedules.strength.to': 'a factor of any size',
};

/** How to call what takes options. */
export interface Caller {
  call(options: never, world: World): unknown;
  /** Options under which the call gets as far as reading all of them; one object for each form they can have. */
  base?: object[];
  /** Paths whose fields are somebody's data and not options, or not read by this function. */
  data?: string[];
  /** Whether null is a value. */
  nullable?: boolean;
  /** Numbers that need not be checked here, and why. */
  unchecked?: Record<string, string>;
}

/** An IDX file of two pictures of 1x1. */
const idxBytes = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 7, 9);
const source = (name: string, content: Uint8Array): data.ByteSource => ({
  name,
  async *open() {
    yield content;
  },
});
const idx = source('idx', idxBytes);
const bytes = source('tar', new Uint8Array(1024));
/** Where nothing is and nothing can be made. */
const nowhere = '/dev/null/nowhere';
const normalization = { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] };
const stem = { kernelSize: 3, strides: 1, pool: false };
const resnet = { inputShape: [8, 8, 3], width: 2 };
const initializer = { distribution: 'normal', scale: 1, seed: 0, stream: 0 };
const labels = Int32Array.of(0, 1, 0, 1);
const embeddings = { data: Float32Array.of(1, 2, 3, 5, 4, 9, 7, 7), shape: [4, 2] as const };
const pictures = () => ({ images: tinyPictures(4), labels });
const streamOf = () => data.stream([1, 2, 3]);
const schedule = { name: 'warmupCosine', warmupEpochs: 1 };
const rate = { base: 0.1, schedule };
const plan = { batchSize: 4, epochs: 10, datasetSize: 40 };
const lossConfigs = [
  ...['ntXent', 'ntXentQueue', 'dcl', 'dclw', 'supervisedContrastive', 'vicReg', 'barlowTwins'].map(
    (name) => ({ name }),
  ),
];
const sgd = { name: 'sgd', learningRate: 0.1 };

/** Hundreds of trainers are made, so that their heads are small. */
const trainerBases = [
  { encoder: { name: 'resnet18', ...resnet, stem }, normalization },
  { encoder: { name: 'resnet18', ...resnet, stem: 'small' } },
  {
    encoder: { name: 'resnet18', ...resnet, stem: 'small' },
    augmentation: { name: 'simclrAugmentation', options: { jitter: {}, blur: {}, normalization } },
  },
  {
    encoder: { name: 'resnet18', ...resnet, stem: 'small' },
    augmentation: { name: 'multiCropAugmentation', options: { small: { jitter: {} } } },
  },
  ...[sgd, { ...sgd, name: 'adamW' }, { ...sgd, name: 'lars' }, { ...sgd, learningRate: rate }].map(
    (optimizer) => ({
      encoder: { name: 'resnet18', ...resnet, stem: 'small' },
      optimizer,
      training: plan,
    }),
  ),
  ...lossConfigs.map((loss) => ({ encoder: { name: 'resnet18', ...resnet, stem: 'small' }, loss })),
].map((base) => ({ ...base, projectionHead: { hidden: [4], outputDim: 4 } }));

const decode = { size: 8 };

/** An encoder for one call. */
async function withEncoder(use: (encoder: LayersModel) => Promise<unknown>): Promise<void> {
  const encoder = models.resnet18({ inputShape: [8, 8, 3], width: 2, stem: 'small' });
  try {
    await use(encoder);
  } finally {
    encoder.dispose();
  }
}

/** Every public function, constructor and method that takes options, by entry, name and parameter. */
export const callers: Record<string, Caller> = {
  'augmentations centerCrop (options)': { call: augmentations.centerCrop, base: [{ size: 8 }] },
  'augmentations colorJitter (options)': { call: augmentations.colorJitter },
  'augmentations evaluationTransform (options)': {
    call: augmentations.evaluationTransform,
    base: [{ normalization }],
  },
  'augmentations gaussianBlur (options)': { call: augmentations.gaussianBlur },
  'augmentations randomGrayscale (options)': { call: augmentations.randomGrayscale },
  'augmentations denormalize (options)': { call: augmentations.denormalize, base: [normalization] },
  'augmentations multiCropAugmentation (options)': {
    call: augmentations.multiCropAugmentation,
    base: [{ jitter: {}, blur: {}, normalization, small: { jitter: {}, blur: {}, normalization } }],
  },
  'augmentations normalize (options)': { call: augmentations.normalize, base: [normalization] },
  'augmentations randomApply (options)': {
    call: (options) => augmentations.randomApply(augmentations.randomGrayscale(), options),
    base: [{ probability: 0.5 }],
  },
  'augmentations randomHorizontalFlip (options)': { call: augmentations.randomHorizontalFlip },
  'augmentations randomResizedCrop (options)': { call: augmentations.randomResizedCrop, base: [{ size: 8 }] },
  'augmentations resize (options)': { call: augmentations.resize, base: [{ size: 8 }] },
  'augmentations simclrAugmentation (options)': {
    call: augmentations.simclrAugmentation,
    base: [{ jitter: {}, blur: {}, normalization }],
  },
  'augmentations solarize (options)': { call: augmentations.solarize },
  'augmentations transformFromConfig (config)': {
    call: (config) => augmentations.transformFromConfig(config),
    base: [
      { name: 'solarize', options: {} },
      { name: 'randomApply', options: { transform: { name: 'solarize' }, probability: 1 } },
    ],
  },

  'data batch (options)': { call: (options) => data.batch(streamOf(), options), base: [{ batchSize: 2 }] },
  'data repeat (options)': { call: (options) => data.repeat(streamOf(), options) },
  'data parseIDXImages (options)': { call: (options) => data.parseIDXImages(idxBytes, undefined, options) },
  'data idxRecords (options)': { call: (options) => data.idxRecords(idx, undefined, options) },
  'data imageBatches (options)': {
    call: (options) => data.imageBatches(tinyPictures(4), options),
    base: [{ batchSize: 2 }],
  },
  'data cache (options)': { call: data.cache, base: [{ maxBytes: 1000 }] },
  'data batchesPerEpoch (options)': {
    call: (options) => data.batchesPerEpoch(tinyPictures(4), options),
    base: [{ batchSize: 2 }],
  },
  'data imageStream (options)': {
    call: (options) => data.imageStream(data.stream<data.ImageRecord>([]), options),
  },
  'data indexedImages (options)': {
    call: (options) => data.indexedImages({ size: 1, read: async () => tinyPictures(1) as never }, options),
  },
  'data splitImages (options)': { call: (options) => data.splitImages(pictures(), options) },
  'data samplePictures (options)': { call: (options) => data.samplePictures(2, options) },
  'data mapStream (options)': { call: (options) => data.mapStream(streamOf(), (item) => item, options) },
  'data prefetch (options)': { call: (options) => data.prefetch(streamOf(), options) },
  'data shuffle (options)': {
    call: (options) => data.shuffle(streamOf(), options),
    base: [{ bufferSize: 2 }],
  },
  'data tarEntries (options)': { call: (options) => data.tarEntries(bytes, options) },
  'data webDataset (options)': { call: (options) => data.webDataset([bytes], options) },

  'distributed dataParallel (options)': {
    call: (options, { simclr }) => distributed.dataParallel(simclr, distributed.singleProcess(), options),
  },
  'distributed DataParallel.fit (options)': {
    call: (options, { simclr }) =>
      distributed.dataParallel(simclr, distributed.singleProcess()).fit(tinyPictures(4), options),
    unchecked: fitUnchecked,
    base: [
      {
        batchSize: 2,
        onNonFinite: { skip: 1 },
        averageWeights: { from: 0 },
        schedules: { size: { from: 8 }, strength: { from: 0 } },
      },
    ],
  },
  'distributed DataParallel.trainStep (options)': {
    call: (options, { simclr, pictures: images }) =>
      distributed.dataParallel(simclr, distributed.singleProcess()).trainStep(images, options),
  },
  'distributed ntXentOfAll (options)': {
    call: (options, { view }) => distributed.ntXentOfAll(view, view, distributed.singleProcess(), options),
  },
  'distributed sumGradients (options)': {
    call: (options) => distributed.sumGradients({}, distributed.singleProcess(), options),
  },
  'distributed workerCommunicator (options)': {
    call: (options) => distributed.workerCommunicator(distributed.workerGroup(1), 0, options),
  },
  'distributed workerGroup (options)': { call: (options) => distributed.workerGroup(1, options) },

  'doctor doctor (options)': { call: doctor.doctor },
  'doctor examine (options)': {
    call: (options, { simclr }) => doctor.examine(simclr, tinyPictures(4), options),
  },

  'evaluation fineTune (options)': {
    call: (options, { simclr }) => evaluation.fineTune(simclr, pictures(), options),
    base: [{ epochs: 1, batchSize: 2 }],
  },
  'evaluation new FineTunedClassifier (normalization)': {
    call: (options, { simclr }) => void new evaluation.FineTunedClassifier(simclr.encoder, options),
    base: [normalization],
    nullable: true,
  },
  'evaluation FineTunedClassifier.predict (options)': {
    call: (options, { simclr }) =>
      new evaluation.FineTunedClassifier(simclr.encoder, null).predict(tinyPictures(4), options),
  },
  'evaluation FineTunedClassifier.probabilities (options)': {
    call: (options, { simclr }) =>
      new evaluation.FineTunedClassifier(simclr.encoder, null).probabilities(tinyPictures(4), options),
  },
  'evaluation FineTunedClassifier.evaluate (options)': {
    call: (options, { simclr }) =>
      new evaluation.FineTunedClassifier(simclr.encoder, null).evaluate(tinyPictures(4), labels, options),
  },
  'evaluation labelEfficiency (options)': {
    call: (options, { simclr }) => evaluation.labelEfficiency(simclr, pictures(), pictures(), options),
    base: [{ perClass: [1], methods: ['pretrained'], fineTune: { epochs: 1, batchSize: 2 } }],
  },
  'evaluation alignment (options)': {
    call: (options) => evaluation.alignment(embeddings, embeddings, options),
  },
  'evaluation uniformity (options)': { call: (options) => evaluation.uniformity(embeddings, options) },
  'evaluation fitLabels (options)': {
    call: (options) => evaluation.fitLabels({ embeddings, labels }, options),
  },
  'evaluation proposeToLabel (options)': {
    call: (options) => evaluation.proposeToLabel(embeddings, { rows: [0, 1], labels: [0, 1] }, options),
    base: [{ count: 1 }],
  },
  'evaluation weighComponents (options)': {
    call: (options) => evaluation.weighComponents(embeddings, options),
  },
  'evaluation selectDiverse (options)': {
    call: (options) => evaluation.selectDiverse(embeddings, options),
    base: [{ count: 1, near: embeddings, pool: 2, unlike: embeddings, groups: labels }],
    data: ['near', 'unlike', 'groups'],
  },
  'evaluation knnClassifier (options)': {
    call: (options) => evaluation.knnClassifier({ embeddings, labels }, options),
  },
  'evaluation linearProbe (options)': {
    call: (options) => evaluation.linearProbe({ embeddings, labels }, options),
  },
  'evaluation onlineLinearProbe (options)': {
    call: (options) => evaluation.onlineLinearProbe(options),
    base: [pictures()],
    data: ['validation'],
  },
  'evaluation nearDuplicates (options)': {
    call: (options) => evaluation.nearDuplicates(embeddings, options),
    unchecked: { threshold: 'a cosine similarity may be negative' },
  },
  'evaluation calibrateThreshold (options)': {
    call: (options) =>
      evaluation.calibrateThreshold(embeddings, { embeddings, originals: [0, 1, 2, 3] }, options),
  },
  'evaluation stackEmbeddings (options)': {
    call: (options) => evaluation.stackEmbeddings(embeddings, options),
    base: [{ threshold: 0.9 }],
    unchecked: { threshold: 'a cosine similarity may be negative' },
  },
  'evaluation retrieval (options)': {
    call: (options) => evaluation.retrieval(embeddings, labels, options),
    data: ['gallery'],
  },
  'evaluation selectLabeled (selection)': {
    call: (options) => evaluation.selectLabeled(labels, options),
    base: [{ perClass: 1 }, { share: 0.5 }],
  },

  'features encoderStages (options)': {
    call: (options, { simclr }) => features.encoderStages(simclr.encoder, options),
    base: [{ size: 8 }],
  },
  'features fitReadout (options)': {
    call: (options) =>
      withEncoder(async (encoder) =>
        (await features.fitReadout(encoder, tinyPictures(4), options)).dispose(),
      ),
    base: [{ stages: [{ layer: 'bn1' }] }],
  },
  'features initializeFromImages (options)': {
    call: (options) =>
      withEncoder((encoder) => features.initializeFromImages(encoder, tinyPictures(4), options)),
  },
  'features Readout.embed (options)': {
    call: async (options, { readout }) => (await readout.embed(tinyPictures(4), options)).dispose(),
  },

  'interop exportONNX (options)': {
    call: (options, { simclr }) => interop.exportONNX(simclr.encoder, options),
    base: [{ normalization, names: {} }],
  },
  'interop huggingFaceFiles (options)': {
    call: async (options) => {
      const encoder = models.resnet18({ inputShape: [8, 8, 3], width: 2, stem: 'small' });
      try {
        await interop.huggingFaceFiles(encoder, options);
      } finally {
        encoder.dispose();
      }
    },
    base: [{ normalization }],
  },
  'interop weightsMetadata (options)': {
    call: (options, { simclr }) => interop.weightsMetadata(simclr.encoder, options),
    base: [{ normalization }],
  },
  'interop writeSafetensors (options)': { call: (options) => interop.writeSafetensors({}, options) },
  'interop loadStateDict (options)': {
    call: (options, { simclr }) => interop.loadStateDict(simclr.encoder, new Map(), options),
  },
  'interop stateDict (options)': {
    call: (options, { simclr }) => interop.stateDict(simclr.encoder, options),
  },

  'losses barlowTwinsLoss (options)': {
    call: (options, { view }) => losses.barlowTwinsLoss(view, view, options),
  },
  'losses contrastiveMetrics (options)': {
    call: (options, { view }) => losses.contrastiveMetrics(view, view, options),
  },
  'losses dclLoss (options)': { call: (options, { view }) => losses.dclLoss([view, view], options) },
  'losses dclwLoss (options)': { call: (options, { view }) => losses.dclwLoss(view, view, options) },
  'losses new EmbeddingQueue (options)': {
    call: (options) => new losses.EmbeddingQueue(options).dispose(),
    base: [{ size: 2, dim: 2 }],
  },
  'losses lossFromConfig (config)': {
    call: (config) => losses.lossFromConfig(config, { dim: 2 }).dispose?.(),
    base: lossConfigs,
  },
  'losses lossFromConfig (options)': {
    call: (options) => losses.lossFromConfig('ntXentQueue', options).dispose?.(),
    base: [{ dim: 2 }],
  },
  'losses ntXentLoss (options)': { call: (options, { view }) => losses.ntXentLoss(view, view, options) },
  'losses ntXentQueueLoss (options)': {
    call: (options, { view }) => losses.ntXentQueueLoss(view, view, view, options),
  },
  'losses supervisedContrastiveLoss (options)': {
    call: (options, { view }) => losses.supervisedContrastiveLoss([view, view], labels, options),
  },
  'losses vicRegLoss (options)': { call: (options, { view }) => losses.vicRegLoss(view, view, options) },

  'models new BatchNormalization (options)': { call: (options) => new models.BatchNormalization(options) },
  'models new PaddedConv2D (options)': {
    call: (options) => new models.PaddedConv2D(options),
    base: [{ filters: 2, kernelSize: 3, kernelInitializer: initializer }],
  },
  'models new PaddedDepthwiseConv2D (options)': {
    call: (options) => new models.PaddedDepthwiseConv2D(options),
    base: [{ kernelSize: 3, kernelInitializer: initializer }],
  },
  'models new PaddedMaxPooling2D (options)': {
    call: (options) => new models.PaddedMaxPooling2D(options),
    base: [{ kernelSize: 3 }],
  },
  'models mobileNetV2 (options)': {
    call: (options) => models.mobileNetV2(options).dispose(),
    base: [{ inputShape: [8, 8, 3], widthMultiplier: 0.1 }],
  },
  'models projectionHead (options)': { call: (options) => models.projectionHead(options).dispose() },
  'models resnet18 (options)': {
    call: (options) => models.resnet18(options).dispose(),
    base: [{ ...resnet, stem: { ...stem, padding: 1 } }],
  },
  'models resnet34 (options)': {
    call: (options) => models.resnet34(options).dispose(),
    base: [{ ...resnet, stem }],
  },
  'models resnet50 (options)': {
    call: (options) => models.resnet50(options).dispose(),
    base: [{ ...resnet, stem }],
  },
  'models new SeededInitializer (options)': {
    call: (options) => new models.SeededInitializer(options),
    base: [initializer],
  },
  'models seededInitializer (options)': { call: models.seededInitializer, base: [initializer] },

  'mpi mpiCommunicator (options)': { call: mpi.mpiCommunicator },

  'node useBestBackend (options)': { call: node.useBestBackend },
  'node decodeImage (options)': { call: (options) => node.decodeImage(nowhere, options) },
  'node decodePool (options)': { call: (options) => node.decodePool(options), base: [decode] },
  'node DecodePool.cut (options)': {
    call: (options) => node.decodePool(decode).cut([], [], options),
  },
  'node RunDirectory.newest (options)': { call: (options) => node.runDirectory(nowhere).newest(options) },
  'node idxFileRecords (options)': { call: (options) => node.idxFileRecords(nowhere, undefined, options) },
  'node webDatasetFiles (options)': { call: (options) => node.webDatasetFiles(nowhere, options) },
  'node imageFolder (options)': { call: (options) => node.imageFolder(nowhere, options), base: [decode] },
  'node readImageFolder (options)': {
    call: (options) => node.readImageFolder(nowhere, options),
    base: [decode],
  },
  'node indexFolder (options)': {
    call: (options) => node.indexFolder(nowhere, options),
    base: [{ shard: { index: 0, count: 2 } }],
  },
  'node findIndex (options)': { call: (options) => node.findIndex(nowhere, options) },
  'node findStacks (options)': {
    call: (options) =>
      node.findStacks(
        {
          paths: [1, 2, 3, 4].map((name) => `${nowhere}/${name}.png`),
          hashes: undefined,
          vectors: embeddings,
          inputSize: [8, 8],
          embed: async () => embeddings,
        },
        options,
      ),
  },
  'node RunDirectory.begin (options)': {
    call: (options) => node.runDirectory(nowhere).begin('{}', () => Promise.resolve(), options),
    base: [{ keepLosses: false }],
  },
  'node loadCIFAR10 (options)': {
    // Its default cache may hold the data set, and would be filled from the network.
    call: (options: unknown) =>
      node.loadCIFAR10(
        typeof options === 'object' && options !== null && !Array.isArray(options)
          ? { ...options, cache: nowhere }
          : (options as object),
      ),
  },
  'node openCIFAR10 (options)': { call: (options) => node.openCIFAR10(nowhere, options) },
  'node openCIFAR100 (options)': { call: (options) => node.openCIFAR100(nowhere, options) },
  'node openIDX (options)': { call: (options) => node.openIDX(nowhere, undefined, options) },
  'node openSTL10 (options)': { call: (options) => node.openSTL10(nowhere, undefined, options) },
  'node progress (options)': { call: (options) => node.progress(1, 'test', options) },
  'node progressBar (options)': { call: node.progressBar },
  'node readDatasetFolder (options)': { call: (options) => node.readDatasetFolder(nowhere, options) },
  'node tensorBoard (options)': {
    call: (options) => node.tensorBoard(nowhere, options),
    base: [{ projector: { images: tinyPictures(2) }, before: { step: 1, epoch: 1 } }],
  },
  'node writeSidecar (options)': { call: (options) => node.writeSidecar(nowhere, ['cat'], options) },
  'node writeFiles (options)': { call: (options) => node.writeFiles(nowhere, new Map(), options) },
  'node readIDX (options)': { call: (options) => node.readIDX(nowhere, undefined, options) },
  'node readSTL10 (options)': { call: (options) => node.readSTL10(nowhere, undefined, options) },

  'optimizers new AdamW (options)': { call: (options) => new optimizers.AdamW(options) },
  'optimizers new LARS (options)': {
    call: (options) => new optimizers.LARS(options),
    base: [{ learningRate: 0.1 }],
  },
  'optimizers linearScaling (options)': {
    call: optimizers.linearScaling,
    base: [{ baseLearningRate: 1, batchSize: 2 }],
  },
  'optimizers squareRootScaling (options)': {
    call: optimizers.squareRootScaling,
    base: [{ baseLearningRate: 1, batchSize: 2 }],
  },
  'optimizers optimizerFromConfig (functions)': {
    call: (functions) =>
      optimizers.optimizerFromConfig(new optimizers.LARS({ learningRate: 1 }).getConfig(), functions),
  },
  'optimizers scheduleFromConfig (config)': {
    call: optimizers.scheduleFromConfig,
    data: ['learningRate.learningRate'], // a scaled schedule holds none that is scaled itself
    base: [
      { name: 'constant', learningRate: 1 },
      { name: 'scaled', factor: 1, learningRate: { name: 'constant', learningRate: 1 } },
      { name: 'warmupCosine', peak: 1, warmupSteps: 1, totalSteps: 5 },
    ],
  },
  'optimizers warmupCosineSchedule (options)': {
    call: optimizers.warmupCosineSchedule,
    base: [{ peak: 1, warmupSteps: 1, totalSteps: 5 }],
  },
  'optimizers warmupCosineByShare (options)': {
    call: optimizers.warmupCosineByShare,
    base: [{ peak: 1 }],
  },
  'optimizers new SGD (options)': {
    call: (options) => new optimizers.SGD(options),
    base: [{ learningRate: 0.1 }],
  },

  'random batchRandom (options)': {
    call: random.batchRandom,
    base: [{ seed: 0, epoch: 0, indices: [0], view: 0 }],
  },

  'recipes adjustRecipe (changes)': {
    call: (changes) => recipes.adjustRecipe(recipes.lightlyCIFAR10, changes),
    // Data to data: what is below, and every number, is checked by `new SimCLR`, or by `initializeFromImages`, which are tested below.
    data: [
      'encoder',
      'projectionHead',
      'augmentation',
      'normalization',
      'optimizer',
      'training',
      'initialization',
      'earlyStages',
    ],
    unchecked: { temperature: 'checked by new SimCLR' },
  },

  'report recordLosses (options)': {
    call: (options) => report.recordLosses(nowhere, options),
    base: [{ before: { step: 1, epoch: 1 } }],
  },
  'report recordQuality (options)': {
    call: (options) => report.recordQuality(nowhere, { references: pictures(), test: pictures() }, options),
    base: [{ before: { step: 1, epoch: 1 } }],
  },
  'report recordHealth (options)': {
    call: (options) => report.recordHealth(nowhere, pictures().images, options),
    base: [{ before: { step: 1, epoch: 1 } }],
  },
  'report evaluateRun (options)': {
    call: (options, { simclr }) =>
      report.evaluateRun(
        simclr,
        { references: pictures(), test: pictures() },
        () => Promise.reject(new Error('It was trained.')),
        options,
      ),
  },
  'report writeReport (data)': {
    call: (options) => report.writeReport(`${nowhere}/report.html`, options),
    base: [{ title: 'test' }],
    data: ['accuracies', 'training', 'quality', 'health', 'labelEfficiency', 'confusion', 'map'],
  },

  'report writePictureMap (data)': {
    call: (options) => report.writePictureMap(`${nowhere}/map.html`, options),
    base: [{ title: 'test', paths: ['1.png', '2.png', '3.png', '4.png'], vectors: embeddings }],
    data: ['vectors', 'stacks'],
  },
  'report writeStackGallery (data)': {
    call: (options) => report.writeStackGallery(`${nowhere}/stacks.html`, options),
    base: [{ title: 'test', stacks: [] }],
    data: ['stacks'],
    unchecked: { pictures: 'a text on the page' },
  },

  'training cachedGradients (options)': {
    call: (options) => training.cachedGradients(options),
    base: [{ chunks: 1 }],
  },
  'training checkpoint (options)': { call: (options) => training.checkpoint(memoryCheckpoints(), options) },
  'training earlyStopping (options)': { call: training.earlyStopping },
  'training evaluation (options)': { call: (options) => training.evaluation(() => ({}), options) },
  'training MomentumEncoder.of (options)': {
    call: async (options, { simclr }) => (await training.MomentumEncoder.of(simclr, options)).dispose(),
  },
  'training new WeightAverage (options)': {
    call: (options, { simclr }) => new training.WeightAverage({ encoder: simclr.encoder }, options),
  },
  'training progress (options)': { call: training.progress },
  'training bestCheckpoint (options)': {
    call: (options) => training.bestCheckpoint(memoryCheckpoints(), options),
  },
  'training latestCheckpoint (options)': {
    call: (options) => training.latestCheckpoint(memoryCheckpoints(), options),
  },
  'training contrastiveGradients (options)': {
    call: (options, { pictures: images }) => training.contrastiveGradients(images, images, options),
  },
  'training plannedLearningRate (config)': {
    call: (config) => training.plannedLearningRate(config, plan),
    base: [rate, { base: 1, schedule: { name: 'constant' } }],
  },
  'training plannedLearningRate (training)': {
    call: (options) => training.plannedLearningRate(rate as training.LearningRateConfig, options),
    base: [plan],
  },
  'training checkBackend (options)': { call: training.checkBackend },
  'training new SimCLR (options)': {
    call: (options) => new training.SimCLR(options).dispose(),
    base: trainerBases,
  },
  'training SimCLR.load (options)': {
    call: (options, { saved }) => training.SimCLR.load(saved, options),
    base: [{ normalization }, ...lossConfigs.map((loss) => ({ loss }))],
  },
  'training SimCLR.fit (options)': {
    call: (options, { simclr }) => simclr.fit(tinyPictures(4), options),
    unchecked: fitUnchecked,
    base: [
      {
        batchSize: 2,
        onNonFinite: { skip: 1 },
        averageWeights: { from: 0 },
        schedules: { size: { from: 8 }, strength: { from: 0 } },
      },
    ],
  },
  'training SimCLR.trainStep (options)': {
    call: (options, { pictures: images, simclr }) => simclr.trainStep(images, options),
  },
  'training SimCLR.dispose (options)': {
    call: (options) => {
      const simclr = tinySimCLR();
      try {
        simclr.dispose(options);
      } finally {
        simclr.dispose();
      }
    },
  },
  'training SimCLR.embed (options)': {
    call: (options, { simclr }) => simclr.embed(tinyPictures(4), options),
  },
  'training SimCLR.project (options)': {
    call: (options, { simclr }) => simclr.project(tinyPictures(4), options),
  },
  'vite simclr (options)': { call: vite.simclr },
  'worker createTrainer (options)': {
    call: async (options, { port }) => (await worker.createTrainer(port, options)).dispose(),
    base: trainerBases,
  },
  'worker loadTrainer (options)': {
    call: async (options, { port, saved }) => (await worker.loadTrainer(port, saved, options)).dispose(),
    base: [{ normalization }, ...lossConfigs.map((loss) => ({ loss }))],
  },
  'worker RemoteTrainer.fit (options)': {
    call: (options, { remote }) => remote.fit(tinyPictures(4), options),
    unchecked: fitUnchecked,
    base: [
      {
        batchSize: 2,
        onNonFinite: { skip: 1 },
        averageWeights: { from: 0 },
        schedules: { size: { from: 8 }, strength: { from: 0 } },
      },
    ],
  },
  'worker RemoteTrainer.embed (options)': {
    call: (options, { remote }) => remote.embed(tinyPictures(4), options),
  },
  'worker RemoteTrainer.project (options)': {
    call: (options, { remote }) => remote.project(tinyPictures(4), options),
  },
  'worker serveTrainer (options)': {
    call: (options) => worker.serveTrainer(options),
    base: [{ backend: () => true }],
    data: ['methods'],
  },
};

/** A port at which trainers are served, and the other end, to close. */
export function servedPort(): { port: MessagePort; close(): void } {
  const { port1: port, port2 } = new MessageChannel();
  worker.serveTrainer({ backend: () => true, port: port2 });
  return { port, close: () => port2.close() };
}

/** Two views of two pictures, for the losses. */
export function makeView(): Tensor2D {
  return zeros([4, 2]);
}
