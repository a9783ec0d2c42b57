import { type FormEvent, useEffect, useState } from 'react';
import { mutate, query } from '../api/client.ts';
import {
  CreateShareLinkDocument,
  RevokeShareLinkDocument,
  ShareLinksDocument,
  type ShareLinksQuery,
} from '../gql/graphql.ts';
import { Button } from '../parts/button.tsx';
import { copyText } from '../parts/copy.ts';
import { Dialog } from '../parts/dialog.tsx';
import { CheckField, SelectField, TextField } from '../parts/field.tsx';
import { dayAndClock, fineLength } from '../parts/format.ts';
import { sayProblem } from '../parts/notice.tsx';
import css from './share.module.css';

type Links = ShareLinksQuery['shareLinks'];

const lives: readonly { hours: number; name: string }[] = [
  { hours: 1, name: 'an hour' },
  { hours: 24, name: 'a day' },
  { hours: 24 * 7, name: 'a week' },
  { hours: 24 * 30, name: '30 days' },
];

/** Makes links with which anybody can see this clip, lists those that were made, and revokes them. */
export function ShareDialog({
  id,
  atMs,
  onClose,
}: {
  id: string;
  /** Where the player is in the clip. */
  atMs: number;
  onClose: () => void;
}) {
  const [hours, setHours] = useState(24);
  const [begins, setBegins] = useState(atMs > 0);
  const [url, setUrl] = useState<string>();
  const [links, setLinks] = useState<Links>([]);
  const [busy, setBusy] = useState(false);
  const refresh = () => query(ShareLinksDocument, { playbackId: id }).then((it) => setLinks(it.shareLinks));
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once, when the dialog opens
  useEffect(() => void refresh().catch(sayProblem), []);
  const during = async (action: () => Promise<unknown>) => {
    setBusy(true);
    try {
      await action();
      await refresh();
    } catch (error) {
      sayProblem(error);
    } finally {
      setBusy(false);
    }
  };
  const make = (event: FormEvent) => {
    event.preventDefault();
    const expiresAt = new Date(Date.now() + hours * 3_600_000).toISOString();
    const input = { playbackId: id, expiresAt, atSec: begins ? Math.round(atMs / 100) / 10 : null };
    void during(async () => setUrl((await mutate(CreateShareLinkDocument, { input })).createShareLink.url));
  };
  return (
    <Dialog title="Share this clip" onClose={onClose}>
      <form className={css.form} onSubmit={make}>
        <p>Whoever has the link sees this clip, without signing in, and nothing else.</p>
        <SelectField
          label="It works for"
          value={hours}
          onChange={({ target }) => setHours(Number(target.value))}
        >
          {lives.map((life) => (
            <option key={life.hours} value={life.hours}>
              {life.name}
            </option>
          ))}
        </SelectField>
        {atMs > 0 && (
          <CheckField
            label={`Begins at ${fineLength(atMs)}, where the player is`}
            checked={begins}
            onChange={({ target }) => setBegins(target.checked)}
          />
        )}
        <Button kind="main" type="submit" icon="link" disabled={busy}>
          Make a link
        </Button>
      </form>
      {url && (
        <div className={css.made}>
          <TextField
            label="The link, shown only now"
            readOnly
            value={url}
            onFocus={({ target }) => target.select()}
          />
          <Button onClick={() => copyText(url, 'The link is copied.')}>Copy</Button>
        </div>
      )}
      {links.length > 0 && (
        <ul className={css.links} aria-label="Links to this clip">
          {links.map((link) => (
            <li key={link.id}>
              <span>
                By {link.createdBy}, {stateOf(link)}, opened{' '}
                {link.openings === 1 ? 'once' : `${link.openings} times`}
              </span>
              {isValid(link) && (
                <Button
                  kind="danger"
                  disabled={busy}
                  onClick={() => during(() => mutate(RevokeShareLinkDocument, { id: link.id }))}
                >
                  Revoke
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}

const isValid = ({ revokedAt, expiresAt }: Links[number]) => !revokedAt && Date.parse(expiresAt) > Date.now();

function stateOf(link: Links[number]): string {
  if (link.revokedAt) return `revoked ${dayAndClock(link.revokedAt)}`;
  return `${isValid(link) ? 'works until' : 'expired'} ${dayAndClock(link.expiresAt)}`;
}
