/** A stream address in the parts that its form has. The API never gives the user name and the password back. */
export interface AddressParts {
  readonly address: string;
  readonly user: string;
  readonly password: string;
}

const form = /^(rtsps?:\/\/)(?:([^\s/?#]*)@)?(.*)$/i;

/** Takes the user name and the password out of an address that was pasted with them. */
export function splitAddress(text: string): AddressParts {
  const [, scheme, credentials, rest] = form.exec(text.trim()) ?? [];
  if (scheme === undefined || credentials === undefined)
    return { address: text.trim(), user: '', password: '' };
  const colon = credentials.indexOf(':');
  const [user, password] =
    colon < 0 ? [credentials, ''] : [credentials.slice(0, colon), credentials.slice(colon + 1)];
  return { address: `${scheme}${rest}`, user: decoded(user), password: decoded(password) };
}

export function joinAddress({ address, user, password }: AddressParts): string {
  if (!user && !password) return address;
  const credentials = `${encodeURIComponent(user)}${password ? `:${encodeURIComponent(password)}` : ''}`;
  return address.replace(
    form,
    (_all, scheme: string, _old, rest: string) => `${scheme}${credentials}@${rest}`,
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
