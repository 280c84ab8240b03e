import { type FileHandle, open } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DataError } from '../../errors/errors.js';
import { explainSystemError, isSystemError } from '../files/system-error.js';
import { makeFolder } from '../files/write-durably.js';
import { type EventContent, event } from './events.js';
import { tfRecord } from './tf-records.js';

let files = 0;

/** The error of a file that the system does not write. Other errors stay as they are. */
export function unwritable(caller: string, path: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  return new DataError(
    `${caller}: directory must be a folder that can be written. Received: path=${JSON.stringify(path)} (${explainSystemError(error)}).`,
    path,
    { cause: error },
  );
}

/** A file of events that TensorBoard reads while it grows. */
export class EventFile {
  private constructor(
    private readonly caller: string,
    private readonly path: string,
    private readonly file: FileHandle,
  ) {}

  /** Makes a file of its own in a folder: TensorBoard takes all of a folder's files for one run. */
  static async create(caller: string, folder: string): Promise<EventFile> {
    const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, '0');
    const path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${files++}`);
    try {
      await makeFolder(folder);
      const created = new EventFile(caller, path, await open(path, 'wx'));
      await created.write(0, { version: true });
      return created;
    } catch (error) {
      throw unwritable(caller, path, error);
    }
  }

  /** Appends an event. It is in the file when the promise resolves. */
  async write(step: number, content: EventContent): Promise<void> {
    try {
      await this.file.appendFile(tfRecord(event(Date.now() / 1000, step, content)));
    } catch (error) {
      throw unwritable(this.caller, this.path, error);
    }
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
