import { Fragment, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { Playback } from '../api/entities.ts';
import { clock, codecName, fineLength, oneDecimal, resolutionName, size, span } from '../parts/format.ts';
import { Time } from '../parts/time.tsx';
import { t } from '../texts/text.ts';
import type { Details } from './details.ts';
import css from './facts.module.css';

/** All facts about the playback that the API states. */
export function Facts({ playback, details }: { playback: Playback; details: Details | undefined }) {
  return (
    <aside className={css.panel} aria-label={t('playback.facts.title')}>
      <FactList title={t('playback.facts.event')} facts={eventFacts(playback, details)} />
      <FactList title={t('playback.facts.clip')} facts={clipFacts(playback)} />
      {playback.gaps.length > 0 && <FactList title={t('playback.facts.gaps')} facts={gapFacts(playback)} />}
      <FactList
        title={t('playback.facts.playback')}
        facts={[[t('playback.facts.id'), <code key="id">{playback.id}</code>]]}
      />
    </aside>
  );
}

type Fact = readonly [string, ReactNode];

function FactList({ title, facts }: { title: string; facts: readonly Fact[] }) {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== false);
  return (
    <section>
      <h2 className={css.title}>{title}</h2>
      <dl className={css.facts}>
        {known.map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
      </dl>
    </section>
  );
}

function eventFacts(
  { camera, event, startedAt, endedAt, endReason, recordingStatus }: Playback,
  details: Details | undefined,
): Fact[] {
  const { description, metadata } = details?.event ?? {};
  return [
    [
      t('playback.facts.camera'),
      <Link key="camera" to={`/playbacks?camera=${camera.id}`}>
        {camera.name}
      </Link>,
    ],
    [t('playback.facts.label'), event?.label],
    [t('playback.facts.description'), description],
    [t('playback.facts.started'), <Time key="start" at={startedAt} />],
    [t('playback.facts.ended'), endedAt && <Time key="end" at={endedAt} />],
    // For a failed playback, the failure says why there is no more.
    [
      t('playback.facts.stoppedBecause'),
      recordingStatus !== 'FAILED' && endReason && t(`names.endReason.${endReason}`),
    ],
    [
      t('playback.facts.metadata'),
      metadata != null && <pre key="metadata">{JSON.stringify(metadata, null, 2)}</pre>,
    ],
  ];
}

function clipFacts(playback: Playback): Fact[] {
  const { clipStartedAt, durationMs, preRollMs, missedMs, fileSizeBytes, codec, audioCodec, resolution } =
    playback;
  return [
    [t('playback.facts.firstFrame'), clipStartedAt && <Time key="first" at={clipStartedAt} />],
    [
      t('playback.facts.length'),
      durationMs != null && <span className="numbers">{fineLength(durationMs)}</span>,
    ],
    [
      t('playback.facts.preRoll'),
      preRollMs != null && t('playback.facts.beforeEvent', { seconds: oneDecimal(preRollMs / 1_000) }),
    ],
    [t('playback.facts.missed'), missedMs ? t('playback.facts.wasNotLive', { time: span(missedMs) }) : null],
    [t('playback.facts.size'), fileSizeBytes != null && size(fileSizeBytes)],
    [
      t('playback.facts.picture'),
      codec && [codecName(codec), resolution && resolutionName(resolution)].filter(Boolean).join(', '),
    ],
    [t('playback.facts.sound'), codec && (audioCodec ? codecName(audioCodec) : t('playback.facts.noSound'))],
  ];
}

const gapFacts = ({ gaps }: Playback): Fact[] =>
  gaps.map(({ from, to }) => [
    clock(from),
    t('playback.facts.nothingFor', { time: span(Date.parse(to) - Date.parse(from)) }),
  ]);
