import type { ExportedModel } from './exported-model.js';

// Numbers of Pillow's filters, which transformers and transformers.js use.
const lanczos = 1;

/**
 * `config.json`. One file serves three libraries: transformers.js and transformers go by `model_type`, and timm by
 * `architecture` and `pretrained_cfg`.
 *
 * @see timm/models/_hub.py, load_model_config_from_path; transformers, TimmWrapperConfig
 */
export function modelConfig(model: ExportedModel, metadata: Record<string, string>): object {
  const { dim, height, width, normalization, precision, timm } = model;
  const shared = {
    'transformers.js_config': { dtype: precision === 'float16' ? 'fp16' : 'fp32' },
    simclr_ts: metadata,
  };
  if (timm === undefined) return { model_type: 'simclr-ts', hidden_size: dim, ...shared };
  return {
    architecture: timm,
    num_classes: 0,
    num_features: dim,
    global_pool: 'avg',
    pretrained_cfg: {
      input_size: [3, height, width],
      fixed_input_size: false,
      interpolation: 'lanczos',
      crop_pct: 1,
      crop_mode: 'center',
      mean: normalization?.mean ?? [0, 0, 0],
      std: normalization?.std ?? [1, 1, 1],
      num_classes: 0,
      pool_size: [Math.ceil(height / 32), Math.ceil(width / 32)],
      first_conv: 'conv1',
      classifier: 'fc',
    },
    model_type: 'timm_wrapper',
    architectures: ['TimmWrapperModel'],
    torch_dtype: precision,
    ...shared,
  };
}

/**
 * `preprocessor_config.json`. For a square input the shorter side is resized and the center cut out, as `decodeImage` does
 * with `fit: 'cover'`. There is no such setting for other inputs: those pictures are stretched.
 *
 * @see transformers, CLIPImageProcessor, of which transformers.js has a copy
 */
export function preprocessorConfig({ height, width, normalization }: ExportedModel): object {
  const isSquare = height === width;
  return {
    image_processor_type: 'CLIPImageProcessor',
    do_convert_rgb: true,
    do_resize: true,
    size: isSquare ? { shortest_edge: height } : { height, width },
    resample: lanczos,
    do_center_crop: isSquare,
    crop_size: { height, width },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: normalization !== undefined,
    image_mean: normalization?.mean ?? [0, 0, 0],
    image_std: normalization?.std ?? [1, 1, 1],
  };
}
