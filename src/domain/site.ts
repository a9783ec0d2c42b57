/** The site of nodes that do not say where they are. */
export const defaultSite = 'default';

/** Whether a text can be the name of a site. */
export const isSite = (text: string): boolean => /^\S(.{0,98}\S)?$/u.test(text);
