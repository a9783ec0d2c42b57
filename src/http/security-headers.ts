import type { ServerResponse } from 'node:http';

/** In no answer may another page's frame show this server: what is clicked in a frame is done with this server's rights. */
const noFrames = "frame-ancestors 'none'";

/**
 * For answers that are no pages of ours. A browser that opens a clip or a picture by itself shows it in a page of its
 * own, which needs these exceptions.
 */
const notAPage = ["default-src 'none'", "img-src 'self'", "media-src 'self'", "style-src 'unsafe-inline'"];

const headers = {
  'content-security-policy': [...notAPage, noFrames].join('; '),
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'same-origin',
};

/** Sets what every answer carries; a page replaces the policy by its own. */
export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

/** A page's policy: what it may load, one directive each. */
export const pagePolicy = (directives: readonly string[]): string =>
  [...directives, "object-src 'none'", "base-uri 'none'", "form-action 'self'", noFrames].join('; ');
