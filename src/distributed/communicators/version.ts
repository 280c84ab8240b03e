/** The version of this package, which ranks compare. A test checks that it equals that of package.json. */
export const packageVersion = '0.1.0';
