import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/** Other pages must not show this server in a frame: clicks in the frame would act with the user's rights. */
const noFrames = "frame-ancestors 'none'";

/**
 * For all answers that are not pages. A browser that opens a clip or a picture directly shows it in a page that it makes
 * itself, which needs these exceptions.
 */
const notAPage = ["default-src 'none'", "img-src 'self'", "media-src 'self'", "style-src 'unsafe-inline'"];

const headers = {
  'content-security-policy': [...notAPage, noFrames].join('; '),
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'same-origin',
};

/** Sets the headers of every answer; a page replaces the policy with its own. */
export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

/** Makes a page's policy from directives that say what the page may load. */
export const pagePolicy = (directives: readonly string[]): string =>
  [...directives, "object-src 'none'", "base-uri 'none'", "form-action 'self'", noFrames].join('; ');

/** The source that allows a script or a style inside a page, in a directive of its policy. */
export const inlineSource = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
