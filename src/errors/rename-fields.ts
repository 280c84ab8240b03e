/**
 * Renames the fields of saved data, which an earlier version may have written, to their present names. If both
 * names are present, the earlier one stays, so that the reader refuses it.
 *
 * @param names - The present name of each earlier one.
 */
export function renameFields(
  data: Readonly<Record<string, unknown>>,
  names: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(data)) {
    const name = Object.hasOwn(names, field) ? names[field]! : field;
    result[Object.hasOwn(data, name) ? field : name] = value;
  }
  return result;
}
