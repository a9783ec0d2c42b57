import { useEffect, useRef } from 'react';
import type { Playback } from '../api/entities.ts';
import { Button, IconButton } from '../parts/button.tsx';
import { clock, codecName, fineLength, shortNumber } from '../parts/format.ts';
import { t } from '../texts/text.ts';
import { useClipSource } from './clip-source.ts';
import { clipTime } from './clip-time.ts';
import { createFrameStepper, type FrameStepper } from './frame-stepper.ts';
import css from './player.module.css';
import { usePlayerKeys } from './player-keys.ts';
import { useReviewed } from './review.tsx';
import { Strip } from './strip.tsx';
import { useVideo } from './video-state.ts';

export const rates = [0.1, 0.25, 0.5, 1, 2, 4, 8] as const;

/** Plays a clip. The strip below it shows positions in the clip by their wall-clock time. */
export function Player({ playback, videoUrl }: { playback: Playback; videoUrl: string }) {
  const screen = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const stepper = useRef<FrameStepper>(undefined);
  const source = useClipSource(video, playback.id, videoUrl);
  const { atMs, paused, muted, rate, begun } = useVideo(video);
  useReviewed(playback, begun);
  const clip = clipTime(playback);
  useEffect(() => {
    const created = createFrameStepper(video.current as HTMLVideoElement);
    stepper.current = created;
    return () => created.close();
  }, []);

  const act = {
    toggle: source.toggle,
    seek(ms: number) {
      if (video.current) video.current.currentTime = Math.min(Math.max(0, ms), clip.lengthMs) / 1_000;
    },
    step: (way: 1 | -1) => void stepper.current?.step(way),
    mute() {
      if (video.current) video.current.muted = !video.current.muted;
    },
    rate(next: number) {
      if (video.current) video.current.playbackRate = next;
    },
    fullscreen() {
      if (document.fullscreenElement) void document.exitFullscreen();
      else void screen.current?.requestFullscreen();
    },
    toEvent: () => act.seek(clip.eventMs),
  };
  usePlayerKeys({ ...act, skip: (ms) => act.seek((video.current?.currentTime ?? 0) * 1_000 + ms) });

  return (
    <section className={css.player} ref={screen} aria-label={t('playback.player.title')}>
      <div className={css.screen}>
        {/* biome-ignore lint/a11y/useMediaCaption: cameras have no captions */}
        <video
          ref={video}
          className={css.video}
          src={source.url}
          poster={playback.thumbnailUrl ?? undefined}
          preload="auto"
          playsInline
          onError={source.onError}
          onLoadedData={source.onLoadedData}
          onClick={act.toggle}
        />
        {source.broken && <Broken playback={playback} onAgain={source.again} />}
        {!begun && !source.broken && (
          <button
            type="button"
            className={css.start}
            aria-label={t('playback.player.playClip')}
            onClick={act.toggle}
          >
            <svg width="30" height="30" viewBox="0 0 20 20" fill="currentColor" aria-hidden="true">
              <path d="M6 3.5v13l11-6.5z" />
            </svg>
          </button>
        )}
      </div>
      <div className={css.controls}>
        <Strip clip={clip} atMs={atMs} onSeek={act.seek} />
        <div className={css.row}>
          <IconButton
            icon={paused ? 'play' : 'pause'}
            label={t(paused ? 'playback.player.play' : 'playback.player.pause')}
            onClick={act.toggle}
          />
          <IconButton icon="stepBack" label={t('playback.player.frameBack')} onClick={() => act.step(-1)} />
          <IconButton icon="stepForward" label={t('playback.player.frameOn')} onClick={() => act.step(1)} />
          <Button kind="bare" onClick={act.toEvent} title={t('playback.player.toEvent')}>
            <span className={css.flag} aria-hidden="true" />
            {t('playback.player.event')}
          </Button>
          <p className={css.time}>
            <b>{clock(clip.startsAt + atMs)}</b>
            <span>
              {fineLength(atMs)} / {fineLength(clip.lengthMs)}
            </span>
          </p>
          <select
            className={css.rate}
            aria-label={t('playback.player.speed')}
            value={rate}
            onChange={({ target }) => act.rate(Number(target.value))}
          >
            {rates.map((each) => (
              <option key={each} value={each}>
                {shortNumber(each)} ×
              </option>
            ))}
          </select>
          {playback.audioCodec && (
            <IconButton
              icon={muted ? 'muted' : 'sound'}
              label={t(muted ? 'playback.player.soundOn' : 'playback.player.soundOff')}
              onClick={act.mute}
            />
          )}
          <IconButton icon="fullscreen" label={t('playback.player.fullscreen')} onClick={act.fullscreen} />
        </div>
      </div>
    </section>
  );
}

function Broken({ playback: { codec }, onAgain }: { playback: Playback; onAgain: () => void }) {
  const canPlay = codec && document.createElement('video').canPlayType(`video/mp4; codecs="${codec}"`) !== '';
  return (
    <div className={css.broken} role="alert">
      {codec && !canPlay ? (
        <p>{t('playback.player.cannotPlay', { codec: codecName(codec) })}</p>
      ) : (
        <>
          <p>{t('playback.player.cannotLoad')}</p>
          <Button icon="retry" onClick={onAgain}>
            {t('playback.failure.again')}
          </Button>
        </>
      )}
    </div>
  );
}
