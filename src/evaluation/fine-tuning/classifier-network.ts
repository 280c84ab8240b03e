import { type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { NormalizeOptions } from '../../augmentations/index.js';
import { copyWeights, freeName, sameArchitecture } from '../../models/copy-model.js';
import { checkEncoder } from '../../models/index.js';
import { freshLayer, headLayers } from './copy-layers.js';

/** The source of a classifier: a `SimCLR`, or its parts. */
export interface FineTuneSource {
  /** f: pictures to representations h. */
  readonly encoder: LayersModel;
  /** g: representations h to projections z. Needed only to attach the classifier to one of its layers. */
  readonly projectionHead?: LayersModel;
  /** Mean and standard deviation of each channel that the encoder was trained with. @defaultValue none */
  readonly normalization?: NormalizeOptions | null;
  /** Height and width of the pictures, where the encoder takes any. A `SimCLR` has it. @defaultValue the encoder's */
  readonly inputSize?: readonly [height: number, width: number];
}

/** A classifier's network, and a way back to the source of its layers. */
export interface ClassifierNetwork {
  /** Pictures to logits. */
  network: LayersModel;
  /** Copies the trained weights into the layers of the source that they came from. */
  writeBack(): void;
}

/**
 * Builds encoder, part of the head, and a linear layer of zeros. All layers are copies.
 *
 * @param attachTo - `'h'`, or how many dense layers of the head to keep.
 * @param pretrained - Whether the copies get the weights of the source. Otherwise their initializers make them.
 * @throws {@link ShapeError} when encoder or head do not suit.
 */
export async function classifierNetwork(
  caller: string,
  source: FineTuneSource,
  attachTo: 'h' | number,
  classes: number,
  pretrained: boolean,
): Promise<ClassifierNetwork> {
  checkEncoder(source.encoder, caller);
  const kept = attachTo === 'h' ? [] : headLayers(caller, source.projectionHead!, attachTo);
  const encoder = await sameArchitecture(caller, source.encoder, pretrained ? {} : { weights: 'drawn' });
  const taken = new Set(encoder.layers.map((layer) => layer.name));
  const head = kept.map((layer) => freshLayer(layer, taken));
  let x = encoder.outputs[0]!;
  for (const layer of head) x = layer.apply(x) as SymbolicTensor;
  const name = freeName('classifier', taken);
  const classifier = layers.dense({ units: classes, kernelInitializer: 'zeros', name });
  const outputs = classifier.apply(x) as SymbolicTensor;
  const network = model({ inputs: encoder.inputs, outputs, name: 'fineTuned' });
  try {
    if (pretrained) {
      copyWeights(source.encoder.layers, encoder.layers);
      copyWeights(kept, head);
    }
  } catch (error) {
    network.dispose(); // the source may be disposed
    throw error;
  }
  return {
    network,
    writeBack() {
      copyWeights(encoder.layers, source.encoder.layers);
      copyWeights(head, kept);
    },
  };
}
