/** The version of package.json, which a compiled program cannot import from every folder. */
export const version = '0.2.0';
