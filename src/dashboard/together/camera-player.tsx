import { useEffect, useRef, useState } from 'react';
import type { Camera, Playback } from '../api/entities.ts';
import { useObservable } from '../api/observable.ts';
import { serverNow } from '../api/server-clock.ts';
import { askForDetails } from '../playback/details.ts';
import { useLiveVideo } from '../playback/live-video.ts';
import { stretchOf } from '../playbacks/stretch.ts';
import { t } from '../texts/text.ts';
import { follow } from './follow.ts';
import css from './page.module.css';
import type { Playhead } from './playhead.ts';

/** What a camera recorded at the playhead. */
export function CameraPlayer({
  camera,
  playbacks,
  playhead,
}: {
  camera: Camera;
  /** Of this camera, oldest first. */
  playbacks: readonly Playback[];
  playhead: Playhead;
}) {
  const moment = useObservable(playhead.shown);
  const current = playbacks.findLast((it) => {
    const { from, to } = stretchOf(it, serverNow());
    return from <= moment && moment < to;
  });
  const hasPictures = current?.videoUrl || current?.liveUrl;
  const isInGap = current?.gaps.some(({ from, to }) => Date.parse(from) <= moment && moment < Date.parse(to));
  return (
    <figure className={css.player} aria-label={camera.name}>
      {current?.videoUrl ? (
        <ClipPlayer key={current.id} name={camera.name} playback={current} playhead={playhead} />
      ) : (
        current?.liveUrl && (
          <RecordingPlayer key={current.id} name={camera.name} playback={current} playhead={playhead} />
        )
      )}
      {(!hasPictures || isInGap) && (
        <p className={css.nothing}>{current && !hasPictures ? wordsFor(current) : t('together.nothing')}</p>
      )}
      <figcaption>{camera.name}</figcaption>
    </figure>
  );
}

const wordsFor = ({ recordingStatus }: Playback) =>
  recordingStatus === 'FAILED' ? t('together.failed') : t('together.unfinished');

interface PlayerProps {
  readonly name: string;
  readonly playback: Playback;
  readonly playhead: Playhead;
}

/** Plays what a running recording has so far, in step with the playhead. */
function RecordingPlayer({ name, playback, playhead }: PlayerProps) {
  const video = useRef<HTMLVideoElement>(null);
  const { id, liveUrl } = playback;
  const { onPlaying } = useLiveVideo(video, { id, url: liveUrl!, playsAtOnce: false });
  const { from } = stretchOf(playback, 0);
  useEffect(() => follow(video.current!, from, playhead, id), [from, playhead, id]);
  return (
    <video
      ref={video}
      aria-label={t('together.recording', { camera: name })}
      data-clip-began={from}
      muted
      playsInline
      onPlaying={onPlaying}
    />
  );
}

/** Plays one clip in step with the playhead. */
function ClipPlayer({ name, playback, playhead }: PlayerProps) {
  const video = useRef<HTMLVideoElement>(null);
  // The link in use is kept: a bucket's link is signed anew in every answer.
  const [url, setUrl] = useState(playback.videoUrl!);
  const [problem, setProblem] = useState(false);
  const { id } = playback;
  const { from } = stretchOf(playback, 0);
  useEffect(
    () => (problem ? undefined : follow(video.current!, from, playhead, id)),
    [from, playhead, id, problem],
  );
  const onError = async () => {
    // Without an answer, the player says that the clip cannot be loaded.
    const renewed = await askForDetails(id).catch(() => null);
    if (renewed?.videoUrl && renewed.videoUrl !== url) setUrl(renewed.videoUrl);
    else setProblem(true);
  };
  if (problem) return <p className={css.nothing}>{t('together.unloadable')}</p>;
  return (
    <video
      ref={video}
      src={url}
      aria-label={t('together.clip', { camera: name })}
      data-clip-began={from}
      preload="auto"
      muted
      playsInline
      onError={() => void onError()}
    />
  );
}
