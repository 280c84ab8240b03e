/** The version of this package, which ranks compare. A test holds it against package.json. */
export const packageVersion = '0.1.0';
