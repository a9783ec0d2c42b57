import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** Length of a key, in bytes. */
export const keyBytes = 32;

/** NIST SP 800-38D: an initialization vector of 12 bytes, an authentication tag of 16. */
const ivBytes = 12;
const tagBytes = 16;

/**
 * The form of a sealed text: a prefix, the key's id, and base64url of initialization vector, authentication tag and
 * ciphertext.
 */
const form = /^sealed:([0-9a-f]{8}):([\w-]+)$/;

/** Encrypts texts for the database with AES-256-GCM: a copy of the database without the key does not reveal them. */
export interface Seal {
  /** @returns the sealed text, with the id of the key */
  close(text: string): string;
  /**
   * @returns the text; text that was never sealed is returned unchanged; undefined if it was sealed with an unknown key,
   *   or the sealed text was changed
   */
  open(stored: string): string | undefined;
  /** Whether the text is sealed with the current key. */
  isCurrent(stored: string): boolean;
}

/** @param keys of 32 bytes each. The first seals; all of them can open */
export function createSeal(keys: readonly [Buffer, ...Buffer[]]): Seal {
  const byId = new Map(keys.map((key) => [idOf(key), key]));
  const [current] = keys;
  const currentId = idOf(current);
  return {
    close(text) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', current, iv, { authTagLength: tagBytes });
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return `sealed:${currentId}:${Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')}`;
    },
    open(stored) {
      if (!stored.startsWith('sealed:')) return stored;
      const [, id = '', text = ''] = form.exec(stored) ?? [];
      const key = byId.get(id);
      const bytes = Buffer.from(text, 'base64url');
      if (!key || bytes.length < ivBytes + tagBytes) return undefined;
      const iv = bytes.subarray(0, ivBytes);
      const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
      decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
      try {
        return (
          decipher.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8')
        );
      } catch {
        // The tag does not match: the text was changed, or sealed with another key of the same id.
        return undefined;
      }
    },
    isCurrent: (stored) => form.exec(stored)?.[1] === currentId,
  };
}

/** Identifies a key without revealing it. */
function idOf(key: Buffer): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 8);
}
