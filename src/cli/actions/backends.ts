import { type BackendReason, useBestBackend } from 'simclr-ts/node';
import type { Action } from '../context.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { table } from './table.js';

/** `backends`: tries each, to know why it works or not. */
export const backends: Action<object> = async () => {
  let names: string[];
  let best: string | undefined;
  try {
    const choice = await useBestBackend();
    names = choice.reasons.map(({ name }) => name);
    best = choice.name;
  } catch (error) {
    throw new CommandError((error as Error).message, exitCodes.environment);
  }
  const found: { name: string; works: boolean; reason: string }[] = [];
  for (const name of names) {
    const reason = await useBestBackend({ prefer: name }).then(
      ({ reasons }) => reasons.find((each: BackendReason) => each.taken)!.reason,
      (error: Error) => new Error(/, but (.*)\.$/s.exec(error.message)?.[1] ?? error.message),
    );
    const works = typeof reason === 'string';
    found.push({ name, works, reason: works ? reason : reason.message });
  }
  const rows = found.map(({ name, works, reason }) => [
    name,
    works ? (name === best ? 'yes, taken' : 'yes') : 'no',
    reason,
  ]);
  return { text: table(['backend', 'works', 'details'], rows), json: { best, backends: found } };
};
