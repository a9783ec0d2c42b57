import { t } from '../texts/text.ts';
import { say, sayProblem } from './notice.tsx';

/** Copies a text, and says so. Over plain http, browsers have no clipboard API. */
export async function copyText(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(done);
  } catch {
    // The page is not allowed to write to the clipboard.
    sayProblem(t('parts.cannotCopy'));
  }
}
