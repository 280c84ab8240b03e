import type { DroppedFile } from '../../shared/pictures.js';

const order = new Intl.Collator('en', { numeric: true });

/** Sorts files by name, because file systems list them in any order. */
function sorted(files: DroppedFile[]): DroppedFile[] {
  return files.sort((a, b) => order.compare(a.path, b.path));
}

async function filesBelow(entry: FileSystemEntry, path: string): Promise<DroppedFile[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ path: path + entry.name, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: DroppedFile[] = [];
  for (;;) {
    // A reader returns one part per call, and an empty one at the end.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (part.length === 0) return found;
    for (const inner of part) found.push(...(await filesBelow(inner, `${path}${entry.name}/`)));
  }
}

/** All dropped files, including those in folders. Call it during the event. */
export async function droppedFiles(transfer: DataTransfer): Promise<DroppedFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.());
  const plain = [...transfer.files].map((file) => ({ path: file.name, file }));
  if (!entries.some((entry) => entry?.isDirectory)) return sorted(plain);
  const found = await Promise.all(entries.map((entry) => (entry ? filesBelow(entry, '') : [])));
  return sorted(found.flat());
}

/** The files of an input, with their folder if one was chosen. */
export function chosenFiles(input: HTMLInputElement): DroppedFile[] {
  const files = [...(input.files ?? [])];
  return sorted(files.map((file) => ({ path: file.webkitRelativePath || file.name, file })));
}
