import { checkInteger, checkPositive, checkProbability } from '../../errors/checks.js';

/** Options of every batch normalization of a network. */
interface NormalizationOptions {
  batchNormalizationMomentum?: number;
  batchNormalizationEpsilon?: number;
  groups?: number;
}

/** @throws {@link InvalidOptionError} when one is outside its domain: before any layer is made, and by its own name. */
export function checkNormalizationOptions(caller: string, options: NormalizationOptions): void {
  const { batchNormalizationMomentum = 0.9, batchNormalizationEpsilon = 1e-5, groups = 1 } = options;
  checkProbability(caller, 'batchNormalizationMomentum', batchNormalizationMomentum);
  checkPositive(caller, 'batchNormalizationEpsilon', batchNormalizationEpsilon);
  checkInteger(caller, 'groups', groups);
}
