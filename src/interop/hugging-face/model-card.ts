import type { ExportedModel } from './exported-model.js';

/** The folder as programs name it, where the reader has to put in their own. */
const folder = 'PATH_OR_ID';

function describeReadout(stages: NonNullable<ExportedModel['stages']>): string {
  const read = stages.map(({ layer, grid }) => `${layer} on a grid of ${grid}x${grid}`);
  return `h is not the encoder's output here, but its read-out: ${read.join(', ')}, averaged, joined, and whitened.`;
}

/**
 * `README.md` of a model folder.
 *
 * @see https://huggingface.co/docs/hub/model-cards
 */
export function modelCard(model: ExportedModel): string {
  const { name, dim, height, width, normalization, precision, timm, stages, network } = model;
  const numbers = (values: readonly number[]) => values.join(', ');
  const pixels = normalization
    ? `RGB in [0, 1], minus mean (${numbers(normalization.mean)}), divided by standard deviation (${numbers(normalization.std)})`
    : 'RGB in [0, 1], not normalized';
  const fit = height === width ? 'the shorter side resized, the center kept,' : 'resized';
  const header = [
    '---',
    `library_name: ${timm === undefined ? 'transformers.js' : 'timm'}`,
    'pipeline_tag: image-feature-extraction',
    'tags:',
    ...['image-feature-extraction', 'self-supervised', 'simclr', 'simclr-ts', 'transformers.js', 'onnx'].map(
      (tag) => `- ${tag}`,
    ),
    ...(timm === undefined ? [] : ['- timm']),
    '---',
  ];
  const python =
    timm === undefined
      ? [
          '## Python',
          '',
          ...(stages
            ? [
                'timm has no read-outs. Use `onnx` with onnxruntime, whose input is `pixel_values` and whose output',
              ]
            : [
                'timm has no network with this stem. Use `onnx` with onnxruntime, whose input is `pixel_values` and whose output',
              ]),
          'is `image_embeds`; or `model.safetensors`, which has the names of torchvision.',
        ]
      : [
          '## Python, with timm',
          '',
          '```python',
          'import timm, torch',
          'from PIL import Image',
          '',
          `model = timm.create_model("local-dir:${folder}", pretrained=True).eval()  # or hf-hub:ID`,
          'transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model))',
          'with torch.no_grad():',
          `    h = model(transform(Image.open("picture.jpg").convert("RGB"))[None])  # [1, ${dim}]`,
          '```',
          '',
          'With transformers, `AutoModel.from_pretrained(...)` gives the same as `pooler_output`.',
        ];
  return `${[
    ...header,
    '',
    `# ${name}`,
    '',
    `An encoder that was trained without labels (SimCLR) with simclr-ts: ${network}. It maps a picture to a vector h`,
    `of ${dim} numbers, for search, clustering, or a classifier.`,
    ...(stages ? ['', describeReadout(stages)] : []),
    '',
    '| | |',
    '| --- | --- |',
    `| picture | ${height}x${width} (height x width) pixels, ${fit} with a Lanczos filter |`,
    `| pixels | ${pixels} |`,
    `| weights | ${precision} |`,
    '',
    '## JavaScript, with transformers.js',
    '',
    '```js',
    "import { pipeline } from '@huggingface/transformers';",
    '',
    `const embed = await pipeline('image-feature-extraction', '${folder}');`,
    `const h = await embed('picture.jpg'); // dims: [1, ${dim}]`,
    '```',
    '',
    ...(timm === undefined
      ? []
      : ['transformers.js warns of an unknown model class, `timm_wrapper`. Its results are right.', '']),
    ...python,
  ].join('\n')}\n`;
}
