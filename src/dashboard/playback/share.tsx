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
import { t } from '../texts/text.ts';
import css from './share.module.css';

type Links = ShareLinksQuery['shareLinks'];

const lives = [
  { hours: 1, name: 'hour' },
  { hours: 24, name: 'day' },
  { hours: 24 * 7, name: 'week' },
  { hours: 24 * 30, name: 'month' },
] as const;

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
    <Dialog title={t('playback.share.title')} onClose={onClose}>
      <form className={css.form} onSubmit={make}>
        <p>{t('playback.share.whoever')}</p>
        <SelectField
          label={t('playback.share.worksFor')}
          value={hours}
          onChange={({ target }) => setHours(Number(target.value))}
        >
          {lives.map((life) => (
            <option key={life.hours} value={life.hours}>
              {t(`playback.share.${life.name}`)}
            </option>
          ))}
        </SelectField>
        {atMs > 0 && (
          <CheckField
            label={t('playback.share.beginsAt', { time: fineLength(atMs) })}
            checked={begins}
            onChange={({ target }) => setBegins(target.checked)}
          />
        )}
        <Button kind="main" type="submit" icon="link" disabled={busy}>
          {t('playback.share.make')}
        </Button>
      </form>
      {url && (
        <div className={css.made}>
          <TextField
            label={t('playback.share.shownOnce')}
            readOnly
            value={url}
            onFocus={({ target }) => target.select()}
          />
          <Button onClick={() => copyText(url, t('playback.share.copied'))}>{t('parts.copy')}</Button>
        </div>
      )}
      {links.length > 0 && (
        <ul className={css.links} aria-label={t('playback.share.links')}>
          {links.map((link) => (
            <li key={link.id}>
              <span>{words(link)}</span>
              {isValid(link) && (
                <Button
                  kind="danger"
                  disabled={busy}
                  onClick={() => during(() => mutate(RevokeShareLinkDocument, { id: link.id }))}
                >
                  {t('playback.share.revoke')}
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

/** Who made the link, until when it works, and how often it was opened. */
function words(link: Links[number]): string {
  const { revokedAt, expiresAt, createdBy: by, openings } = link;
  const state = revokedAt ? 'revoked' : isValid(link) ? 'works' : 'expired';
  return t(`playback.share.${state}`, { by, time: dayAndClock(revokedAt ?? expiresAt), openings });
}
