import { Fragment, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { Playback } from '../api/entities.ts';
import { clock, codecName, endReasonNames, fineLength, resolutionName, size, span } from '../parts/format.ts';
import { Time } from '../parts/time.tsx';
import type { Details } from './details.ts';
import css from './facts.module.css';

/** All facts about the playback that the API states. */
export function Facts({ playback, details }: { playback: Playback; details: Details | undefined }) {
  return (
    <aside className={css.panel} aria-label="Facts">
      <FactList title="Event" facts={eventFacts(playback, details)} />
      <FactList title="Clip" facts={clipFacts(playback)} />
      {playback.gaps.length > 0 && <FactList title="Gaps" facts={gapFacts(playback)} />}
      <FactList title="Playback" facts={[['Id', <code key="id">{playback.id}</code>]]} />
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
      'Camera',
      <Link key="camera" to={`/playbacks?camera=${camera.id}`}>
        {camera.name}
      </Link>,
    ],
    ['Label', event?.label],
    ['Description', description],
    ['Started', <Time key="start" at={startedAt} />],
    ['Ended', endedAt && <Time key="end" at={endedAt} />],
    // For a failed playback, the failure says why there is no more.
    ['Stopped because', recordingStatus !== 'FAILED' && endReason && endReasonNames[endReason]],
    ['Metadata', metadata != null && <pre key="metadata">{JSON.stringify(metadata, null, 2)}</pre>],
  ];
}

function clipFacts(playback: Playback): Fact[] {
  const { clipStartedAt, durationMs, preRollMs, missedMs, fileSizeBytes, codec, audioCodec, resolution } =
    playback;
  return [
    ['First frame', clipStartedAt && <Time key="first" at={clipStartedAt} />],
    ['Length', durationMs != null && <span className="numbers">{fineLength(durationMs)}</span>],
    ['Pre-roll', preRollMs != null && `${(preRollMs / 1_000).toFixed(1)} s before the event`],
    ['Missed', missedMs ? `${span(missedMs)}: the camera was not live yet` : null],
    ['Size', fileSizeBytes != null && size(fileSizeBytes)],
    [
      'Picture',
      codec && [codecName(codec), resolution && resolutionName(resolution)].filter(Boolean).join(', '),
    ],
    ['Sound', codec && (audioCodec ? codecName(audioCodec) : 'none')],
  ];
}

const gapFacts = ({ gaps }: Playback): Fact[] =>
  gaps.map(({ from, to }) => [clock(from), `nothing came for ${span(Date.parse(to) - Date.parse(from))}`]);
