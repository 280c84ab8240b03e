import type { DroppedFile } from '../shared/pictures.js';

const order = new Intl.Collator('en', { numeric: true });

/** File systems give their files in no order that a person would know. */
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
    // A reader gives a part at a time, and none at the end.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (part.length === 0) return found;
    for (const inner of part) found.push(...(await filesBelow(inner, `${path}${entry.name}/`)));
  }
}

/** All files of what was dropped, folders gone through. Must be called while the event lasts. */
export async function droppedFiles(transfer: DataTransfer): Promise<DroppedFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.());
  const plain = [...transfer.files].map((file) => ({ path: file.name, file }));
  if (!entries.some((entry) => entry?.isDirectory)) return sorted(plain);
  const found = await Promise.all(entries.map((entry) => (entry ? filesBelow(entry, '') : [])));
  return sorted(found.flat());
}

/** The files of an input, with their folder where one was chosen. */
export function chosenFiles(input: HTMLInputElement): DroppedFile[] {
  const files = [...(input.files ?? [])];
  return sorted(files.map((file) => ({ path: file.webkitRelativePath || file.name, file })));
}
