import { Command } from 'commander';
import type { Execute } from '../context.js';
import { addCommonOptions, addExamples, addModelOptions, addPlaceOption, choice } from '../options.js';

/** `export`. */
export function exportCommand(execute: Execute): Command {
  const command = new Command('export')
    .description(
      'Write a model for other programs: ONNX, safetensors, a Hugging Face folder, plain TensorFlow.js.',
    )
    .option('--onnx <file>', 'write an ONNX file (operator set 17)')
    .option('--safetensors <file>', 'write weights as safetensors')
    .option(
      '--huggingface <dir>',
      'write a model folder for transformers.js, and for timm if it has the network',
    )
    .option('--tfjs <dir>', "write a folder for TensorFlow.js's loadLayersModel, without this library")
    .addOption(
      choice('--names <package>', 'package whose names the weights get', [
        'torchvision',
        'timm',
        'lightly',
        'lightly-resnet',
        'solo-learn',
      ]).default('torchvision'),
    )
    .addOption(choice('--layout <axes>', "order of the ONNX input's axes", ['NCHW', 'NHWC']).default('NCHW'))
    .option('--any-size', 'let the ONNX input have any height and width')
    .option('--float16', 'weights of half the size; ONNX computes in half precision')
    .option('--head', 'the projection head too, in ONNX and safetensors');
  addPlaceOption(command, 'h');
  addModelOptions(command);
  addCommonOptions(command);
  addExamples(command, [
    ['simclr-ts export --onnx encoder.onnx', 'for onnxruntime: input "images", output "h"'],
    ['simclr-ts export --safetensors encoder.safetensors', "for torchvision's resnet18().load_state_dict"],
    ['simclr-ts export --huggingface my-model', "for transformers.js's pipeline, timm, the Hugging Face hub"],
    ['simclr-ts export --tfjs web-model', "for loadLayersModel('web-model/model.json') in a page"],
    ['simclr-ts export --safetensors all.safetensors --names lightly --head', 'encoder and head for lightly'],
  ]);
  return command.action(execute(async () => (await import('../actions/export.js')).exportModel));
}
