import { Command } from 'commander';
import type { Execute } from '../context.js';
import { addCommonOptions, addExamples, addModelOptions, choice } from '../options.js';

/** `export`. */
export function exportCommand(execute: Execute): Command {
  const command = new Command('export')
    .description('Write a model for other programs: ONNX, or safetensors with the names of a Python package.')
    .option('--onnx <file>', 'write an ONNX file (operator set 17)')
    .option('--safetensors <file>', 'write weights as safetensors')
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
    .option('--head', 'the projection head too');
  addModelOptions(command);
  addCommonOptions(command);
  addExamples(command, [
    ['simclr-ts export --onnx encoder.onnx', 'for onnxruntime: input "images", output "h"'],
    ['simclr-ts export --safetensors encoder.safetensors', "for torchvision's resnet18().load_state_dict"],
    ['simclr-ts export --safetensors all.safetensors --names lightly --head', 'encoder and head for lightly'],
  ]);
  return command.action(execute(async () => (await import('../actions/export.js')).exportModel));
}
