/** PostgreSQL holds neither NUL nor one half of a pair of surrogates. */
export const isStorable = (text: string): boolean => !/\p{Surrogate}/u.test(text) && !text.includes('\u0000');
