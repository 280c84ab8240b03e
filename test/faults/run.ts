/**
 * Kills training runs and checks that nothing is lost: `npm run lane -- kills --kills 100`. Ends with status 1 when
 * something is.
 */
import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { type KillReport, surviveKills } from './kills.js';

const wholeNumber = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('It must be an integer >= 0.');
  return value;
};

const options = new Command('npm run lane -- kills')
  .option('--kills <n>', 'SIGKILLs of a run on the wasm backend', wholeNumber, 100)
  .option('--cpu-kills <n>', "SIGKILLs of a run on tfjs's cpu backend", wholeNumber, 12)
  .option('--seed <n>', 'seed of the moments', wholeNumber, 1)
  .option('--json <file>', 'writes the report')
  .option('--verbose', 'a line for each kill', false)
  .parse()
  .opts<{ kills: number; cpuKills: number; seed: number; json?: string; verbose: boolean }>();

const reports: KillReport[] = [];
for (const [backend, kills] of [
  ['wasm', options.kills],
  ['cpu', options.cpuKills],
] as const) {
  if (kills === 0) continue;
  const began = performance.now();
  const report = await surviveKills({
    backend,
    kills,
    whileWriting: Math.ceil(0.3 * kills),
    seed: options.seed,
    ...(options.verbose ? { onLife: (text: string) => console.log(text) } : {}),
  });
  reports.push(report);
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(
    `${backend}: ${report.kills} kills survived, ${report.killsWhileWriting} of them while a checkpoint was written; ` +
      `${report.steps} steps, ${report.stepsLost} taken again, at most ${report.mostStepsLost} a kill; ` +
      `${report.damaged} damaged checkpoints; ${report.identical ? 'bit for bit' : 'NOT'} the run without kills; ${seconds} s`,
  );
}
if (options.json) writeFileSync(options.json, `${JSON.stringify(reports, null, 2)}\n`);
if (reports.some(({ identical, damaged }) => !identical || damaged > 0)) process.exitCode = 1;
