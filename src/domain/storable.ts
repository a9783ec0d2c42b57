/** Whether PostgreSQL can store the text: without NUL, and without unpaired surrogates. */
export const isStorable = (text: string): boolean => !/\p{Surrogate}/u.test(text) && !text.includes('\u0000');
