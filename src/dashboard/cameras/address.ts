import { parseStreamUrl } from '../../domain/stream-url.ts';

/** The parts of a stream address, as the form has them. The API never returns the user name and the password. */
export interface AddressParts {
  readonly address: string;
  readonly user: string;
  readonly password: string;
}

const beginning = /^(rtsps?:\/\/)(?:[^/?#]*@)?/i;

/**
 * Takes the user name and the password out of an address that was pasted with them. An address that cannot be parsed
 * stays unchanged, and the server refuses it.
 */
export function splitAddress(text: string): AddressParts {
  const address = text.trim();
  try {
    const { user = '', password = '' } = parseStreamUrl(address);
    return { address: address.replace(beginning, '$1'), user, password };
  } catch {
    // The address is not valid yet. The server says why when the form is sent.
    return { address, user: '', password: '' };
  }
}

export function joinAddress({ address, user, password }: AddressParts): string {
  if (!user && !password) return address;
  const credentials = `${encodeURIComponent(user)}${password ? `:${encodeURIComponent(password)}` : ''}`;
  return address.replace(beginning, (_all, scheme: string) => `${scheme}${credentials}@`);
}
