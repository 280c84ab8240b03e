import type { LayersModel } from '@tensorflow/tfjs-layers';
import { CheckpointError } from '../../errors/errors.js';
import { type EncoderSource, pictureEncoder } from '../encoder-source.js';
import { joinedLength, stageOutputs } from './encoder-stages.js';
import { fingerprint } from './encoder-weights.js';
import { checkReadoutJSON, type ReadoutJSON, type ReadoutState, readTensors } from './readout-state.js';
import { stageModel, withWhitening } from './stage-model.js';

/**
 * Model and description of a read-out from its state.
 *
 * @returns `undefined` when the encoder has other weights than those that the state was fitted to.
 * @throws {@link CheckpointError} when the encoder is another one, or the state is damaged.
 */
export async function restoreReadout(
  caller: string,
  source: LayersModel | EncoderSource,
  state: ReadoutState,
): Promise<{ model: LayersModel; json: ReadoutJSON } | undefined> {
  const json = checkReadoutJSON(caller, state?.json);
  const size = [json.inputShape[0], json.inputShape[1]] as const;
  const { encoder, inputShape } = pictureEncoder(caller, source, size);
  if (String(json.inputShape) !== String(inputShape)) {
    throw new CheckpointError(
      `${caller}: source must be the encoder that the state was fitted to, which takes pictures of [${json.inputShape}]. Received: an encoder of [${inputShape}].`,
    );
  }
  const outputs = stageOutputs(caller, encoder, json.stages, size);
  const weights = readTensors(caller, state, joinedLength(json.stages));
  const stages = await stageModel(caller, encoder, outputs, size);
  if (json.encoderWeights !== null && json.encoderWeights !== (await fingerprint(stages))) {
    stages.dispose();
    return undefined;
  }
  return { model: withWhitening(stages, weights), json };
}
