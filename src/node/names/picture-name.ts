import { isObject } from '../../errors/checks.js';

/** The name that a person gave to a picture. */
export interface PictureName {
  /** The picture's file, as the list has it. */
  path: string;
  /** Its name, or null: it is none of the others. */
  name: string | null;
  /** SHA-256 of its contents in hexadecimal, by which it is found under another path. */
  sha256?: string;
}

/** Whether a value from JSON is a name of a picture. */
export function isPictureName(value: unknown): value is PictureName {
  if (!isObject(value) || typeof value.path !== 'string' || value.path === '') return false;
  if (value.sha256 !== undefined && typeof value.sha256 !== 'string') return false;
  return value.name === null || (typeof value.name === 'string' && value.name.trim() !== '');
}
