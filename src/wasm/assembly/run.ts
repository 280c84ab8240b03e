import { Blur, blurPictures } from './augmentation/blur';
import { changeColors, ColorOperations } from './augmentation/colors';
import { resamplePictures, Resampling } from './augmentation/resample';
import { averagePoolGradient } from './windows/average-pool';
import { addValues, divideValues, Elementwise, multiplyValues, subtractValues } from './elementwise';
import { ChannelCopies, repeatChannels, sumChannelCopies } from './depthwise/channel-copies';
import { Depthwise, depthwiseConvolution } from './depthwise/depthwise';
import {
  combineDepthwiseFilter,
  depthwiseFilterBlocks,
  DepthwiseFilterGradient,
} from './depthwise/depthwise-filter-gradient';
import { combineBlocks, reduceBlocks, Reduction } from './reductions/reduce';
import { SegmentSum, segmentSum } from './reductions/segment-sum';
import { blockExtremes, ValueRange } from './reductions/value-range';
import { FilterGradient, multiplyFilterGradient } from './products/filter-gradient';
import { combineFilterParts, FilterGradientParts, sumFilterParts } from './products/filter-gradient-parts';
import { maxPool, maxPoolGradient } from './windows/max-pool';
import { Pool } from './windows/pool';
import {
  blockGradients,
  blockMoments,
  combineGradients,
  combineMoments,
  inputGradients,
  BatchNormalization,
  normalizeBlocks,
  outputFactors,
} from './normalization/batch-normalization';
import { moveStatistics, RunningStatistics } from './normalization/running-statistics';
import { ColumnPacking, packColumns } from './products/pack-columns';
import { Padding, padPictures } from './windows/pad';
import { multiplyGathered, Product } from './products/product';
import { multiplyRows, RowProducts } from './products/row-products';
import { SoftmaxRows, softmaxRows } from './reductions/softmax-rows';
import { adamUpdate, momentumUpdate, Update } from './optimizer-updates';
import { convolveTiles, TileConvolution } from './winograd/winograd-convolution';
import { Filters, transformFilterGradients, transformFilters } from './winograd/winograd-filters';
import { multiplyPositions, PositionProducts, sumPositions } from './winograd/winograd-products';
import { Tiles, transformGradients, transformInputs, transformOutputs } from './winograd/winograd-tiles';

/**
 * Runs tasks `first` to `last - 1` of a kernel. All kernels share this entry point, so that the threads of a pool exchange
 * nothing but numbers. scripts/build-wasm.mjs gives the callers a name for each number.
 *
 * @param kind - Number of the kernel.
 * @param work - Address of the kernel's arguments: a structure of the class that it is cast to below.
 * @param scratch - Working memory of the calling thread.
 */
export function run(kind: i32, work: usize, first: i32, last: i32, scratch: usize): void {
  switch (kind) {
    case 0:
      packColumns(changetype<ColumnPacking>(work), first, last);
      break;
    case 1:
      multiplyGathered(changetype<Product>(work), first, last, scratch);
      break;
    case 2:
      multiplyFilterGradient(changetype<FilterGradient>(work), first, last, scratch);
      break;
    case 3:
      transformInputs(changetype<Tiles>(work), first, last, scratch);
      break;
    case 4:
      transformOutputs(changetype<Tiles>(work), first, last, scratch);
      break;
    case 5:
      transformGradients(changetype<Tiles>(work), first, last, scratch);
      break;
    case 6:
      transformFilters(changetype<Filters>(work), first, last, scratch);
      break;
    case 7:
      transformFilterGradients(changetype<Filters>(work), first, last, scratch);
      break;
    case 8:
      multiplyPositions(changetype<PositionProducts>(work), first, last, scratch);
      break;
    case 9:
      sumPositions(changetype<PositionProducts>(work), first, last, scratch);
      break;
    case 10:
      maxPoolGradient(changetype<Pool>(work), first, last, scratch);
      break;
    case 11:
      padPictures(changetype<Padding>(work), first, last);
      break;
    case 12:
      blockMoments(changetype<BatchNormalization>(work), first, last);
      break;
    case 13:
      combineMoments(changetype<BatchNormalization>(work), first, last);
      break;
    case 14:
      normalizeBlocks(changetype<BatchNormalization>(work), first, last);
      break;
    case 15:
      blockGradients(changetype<BatchNormalization>(work), first, last);
      break;
    case 16:
      combineGradients(changetype<BatchNormalization>(work), first, last);
      break;
    case 17:
      inputGradients(changetype<BatchNormalization>(work), first, last);
      break;
    case 18:
      outputFactors(changetype<BatchNormalization>(work), first, last);
      break;
    case 19:
      momentumUpdate(changetype<Update>(work), first, last);
      break;
    case 20:
      adamUpdate(changetype<Update>(work), first, last);
      break;
    case 21:
      maxPool(changetype<Pool>(work), first, last);
      break;
    case 22:
      reduceBlocks(changetype<Reduction>(work), first, last);
      break;
    case 23:
      combineBlocks(changetype<Reduction>(work), first, last);
      break;
    case 24:
      addValues(changetype<Elementwise>(work), first, last);
      break;
    case 25:
      subtractValues(changetype<Elementwise>(work), first, last);
      break;
    case 26:
      multiplyValues(changetype<Elementwise>(work), first, last);
      break;
    case 27:
      divideValues(changetype<Elementwise>(work), first, last);
      break;
    case 28:
      averagePoolGradient(changetype<Pool>(work), first, last);
      break;
    case 29:
      segmentSum(changetype<SegmentSum>(work), first, last);
      break;
    case 30:
      softmaxRows(changetype<SoftmaxRows>(work), first, last);
      break;
    case 31:
      depthwiseConvolution(changetype<Depthwise>(work), first, last, scratch);
      break;
    case 32:
      depthwiseFilterBlocks(changetype<DepthwiseFilterGradient>(work), first, last, scratch);
      break;
    case 33:
      combineDepthwiseFilter(changetype<DepthwiseFilterGradient>(work), first, last);
      break;
    case 34:
      repeatChannels(changetype<ChannelCopies>(work), first, last);
      break;
    case 35:
      sumChannelCopies(changetype<ChannelCopies>(work), first, last);
      break;
    case 36:
      convolveTiles(changetype<TileConvolution>(work), first, last, scratch);
      break;
    case 37:
      resamplePictures(changetype<Resampling>(work), first, last, scratch);
      break;
    case 38:
      changeColors(changetype<ColorOperations>(work), first, last, scratch);
      break;
    case 39:
      sumFilterParts(changetype<FilterGradientParts>(work), first, last, scratch);
      break;
    case 40:
      combineFilterParts(changetype<FilterGradientParts>(work), first, last);
      break;
    case 41:
      moveStatistics(changetype<RunningStatistics>(work));
      break;
    case 42:
      blockExtremes(changetype<ValueRange>(work), first, last);
      break;
    case 43:
      multiplyRows(changetype<RowProducts>(work), first, last);
      break;
    case 44:
      blurPictures(changetype<Blur>(work), first, last, scratch);
      break;
  }
}
