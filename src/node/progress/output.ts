/** A stream that may be a terminal. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

/** Whether a person may be watching: a terminal that can move its cursor and is not the log of a CI job. */
export function isInteractive(stream: NodeJS.WritableStream): boolean {
  const { CI, TERM } = process.env;
  return (
    (stream as Output).isTTY === true && (CI === undefined || CI === '' || CI === 'false') && TERM !== 'dumb'
  );
}
