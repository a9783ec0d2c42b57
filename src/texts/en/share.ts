/** The page of a link to one clip. The server writes it: its texts have nothing but plain placeholders. */
export const share = {
  until: 'This link works until {time}.',
  gone: 'There is no clip here',
  whyGone: 'The link has expired, was revoked, or is not complete.',
} as const;
