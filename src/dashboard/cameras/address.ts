import { parseStreamUrl } from '../../domain/stream-url.ts';

/** A stream address in the parts that its form has. The API never gives the user name and the password back. */
export interface AddressParts {
  readonly address: string;
  readonly user: string;
  readonly password: string;
}

const beginning = /^(rtsps?:\/\/)(?:[^/?#]*@)?/i;

/**
 * Takes the user name and the password out of an address that was pasted with them. An address that cannot be taken
 * apart stays as it is: the server refuses it in words.
 */
export function splitAddress(text: string): AddressParts {
  const address = text.trim();
  try {
    const { user = '', password = '' } = parseStreamUrl(address);
    return { address: address.replace(beginning, '$1'), user, password };
  } catch {
    // The address is not valid yet; the server says why when the form is sent.
    return { address, user: '', password: '' };
  }
}

export function joinAddress({ address, user, password }: AddressParts): string {
  if (!user && !password) return address;
  const credentials = `${encodeURIComponent(user)}${password ? `:${encodeURIComponent(password)}` : ''}`;
  return address.replace(beginning, (_all, scheme: string) => `${scheme}${credentials}@`);
}
