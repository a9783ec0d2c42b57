/** The page of a shared link. The server fills these texts in without an ICU formatter: placeholders have only a name. */
export const share = {
  until: 'This link works until {time}.',
  gone: 'There is no clip here',
  whyGone: 'The link has expired, was revoked, or is not complete.',
} as const;
