import { dispose, randomUniform, setBackend, type Tensor4D, ready } from '@tensorflow/tfjs-core';
import { contrastiveGradients, ntXentLoss, projectionHead, mobileNetV2, resnet18, SGD, trainableVariables } from '../src/index.js';
import { setThreadCount, wasmKernels } from '../src/wasm/index.js';
import { kernelModule, kinds } from '../src/wasm/module/kernel-module.js';
const threads = Number(process.argv[2] ?? 1), batch = Number(process.argv[3] ?? 32), size = 96;
setThreadCount(threads); await setBackend('wasm'); await ready();
const encoder = process.argv[4] === 'resnet' ? resnet18() : mobileNetV2();
const head = projectionHead({ inputDim: encoder.outputs[0]!.shape[1]!, hidden: [512, 512], outputDim: 64 });
const variables = trainableVariables(encoder, head);
const optimizer = new SGD({ learningRate: 0.1, momentum: 0.9 });
const pictures = () => randomUniform([batch, size, size, 3]) as Tensor4D;
const [view1, view2] = [pictures(), pictures()];
function step() {
  const { loss, gradients } = contrastiveGradients(view1, view2, { encoder, projectionHead: head, loss: (a, b) => ntXentLoss(a, b, { temperature: 0.5 }), variables });
  optimizer.applyGradients(gradients); const v = loss.dataSync()[0]; dispose([loss, ...Object.values(gradients)]); return v;
}
step(); step();
const module = kernelModule();
await module.threadsStarted();
const names = Object.fromEntries(Object.entries(kinds).map(([n, k]) => [k, n]));
const times: number[] = [];
for (let i = 0; i < 5; i++) { const t = performance.now(); step(); times.push(performance.now() - t); }
const sums = new Map<string, [number, number]>();
const { dispatch } = module;
module.dispatch = (kind: number, ...rest: any[]) => { const t = performance.now(); (dispatch as any).call(module, kind, ...rest); const s = sums.get(names[kind]!) ?? [0, 0]; s[0] += performance.now() - t; s[1]++; sums.set(names[kind]!, s); };
let total = 0;
for (let i = 0; i < 3; i++) { const t = performance.now(); step(); total += performance.now() - t; }
times.sort((a, b) => a - b);
console.log(JSON.stringify(wasmKernels()), 'median', times[2]!.toFixed(0), 'ms', (1000 * batch / times[2]!).toFixed(1), 'pairs/s');
let inside = 0;
for (const [n, [ms, c]] of [...sums].sort((a, b) => b[1][0] - a[1][0])) { inside += ms; if (ms / 3 > 1) console.log(n.padEnd(28), (ms / 3).toFixed(1), c / 3); }
console.log('all dispatches', (inside / 3).toFixed(0), 'of', (total / 3).toFixed(0));
process.exit(0);
