import { useEffect, useMemo, useState } from 'react';
import { useSearchParams } from 'wouter';
import { type Camera, camerasLoaded, playbacks as knownPlaybacks, useCameras } from '../api/entities.ts';
import { useObservable } from '../api/observable.ts';
import { newestFirst } from '../api/running.ts';
import { serverNow } from '../api/server-clock.ts';
import { Button } from '../parts/button.tsx';
import { CheckField, SelectField } from '../parts/field.tsx';
import { dayAndClock, shortNumber } from '../parts/format.ts';
import { Empty, Page } from '../parts/page.tsx';
import { usePageKeys } from '../parts/page-keys.ts';
import { useNow } from '../parts/time.tsx';
import { boundsOf } from '../playbacks/time-range.ts';
import { Timeline } from '../playbacks/timeline.tsx';
import type { Window } from '../playbacks/timeline-view.ts';
import { t } from '../texts/text.ts';
import { CameraPlayer } from './camera-player.tsx';
import css from './page.module.css';
import { Playhead } from './playhead.ts';

/** As many as a browser decodes without effort. */
const mostPlayers = 9;
const rates = [0.5, 1, 2, 4] as const;
/** The timeline begins so long before the playhead, and ends so long after it. */
const aroundMs = 5 * 60_000;
const skipMs = 10_000;

/** What several cameras recorded at the same time, side by side, from one playhead. */
export function TogetherPage() {
  const all = useCameras();
  const loaded = useObservable(camerasLoaded);
  const [search, setSearch] = useSearchParams();
  const ids = search.getAll('camera');
  const chosen = all.filter(({ id }) => ids.includes(id)).slice(0, mostPlayers);
  const [playhead] = useState(() => new Playhead(Date.parse(search.get('at') ?? '') || serverNow() - 60_000));
  const toggle = (camera: Camera) => {
    const next = ids.includes(camera.id) ? ids.filter((id) => id !== camera.id) : [...ids, camera.id];
    setSearch(
      (before) => {
        const params = new URLSearchParams(before);
        params.delete('camera');
        params.set('at', new Date(playhead.moment()).toISOString());
        for (const id of next) params.append('camera', id);
        return params;
      },
      { replace: true },
    );
  };
  useEffect(() => () => playhead.pause(), [playhead]);
  return (
    <Page title={t('together.title')}>
      <fieldset className={css.cameras}>
        <legend className="visuallyHidden">{t('together.cameras')}</legend>
        {all.map((camera) => (
          <CheckField
            key={camera.id}
            label={camera.name}
            checked={ids.includes(camera.id)}
            disabled={!ids.includes(camera.id) && chosen.length >= mostPlayers}
            onChange={() => toggle(camera)}
          />
        ))}
      </fieldset>
      {loaded && chosen.length === 0 && <Empty title={t('together.choose')} />}
      {chosen.length > 0 && <Players cameras={chosen} playhead={playhead} />}
    </Page>
  );
}

function Players({ cameras, playhead }: { cameras: readonly Camera[]; playhead: Playhead }) {
  const [window, setWindow] = useState<Window>(() => around(playhead.moment()));
  const all = useObservable(knownPlaybacks);
  const now = useNow(10_000);
  const isPlaying = useObservable(playhead.isPlaying);
  const rate = useObservable(playhead.rate);
  const moment = useObservable(playhead.shown);
  const filter = useMemo(
    () => ({
      startedAfter: new Date(window.from - 1).toISOString(),
      startedBefore: new Date(window.to).toISOString(),
    }),
    [window],
  );
  const sorted = useMemo(() => [...all.values()].sort((a, b) => newestFirst(b, a)), [all]);
  // When the playhead comes near the end of the timeline, the timeline goes on.
  useEffect(() => {
    const isNearEnd = moment < window.to && moment > window.to - (window.to - window.from) / 10;
    if (isNearEnd && playhead.moves) setWindow(moved(window, moment));
  }, [moment, window, playhead]);
  useEffect(() => everyFrame(() => playhead.tick()), [playhead]);
  const line = useMemo(
    () => ({ moment: () => playhead.moment(), onPick: (moment: number) => playhead.seek(moment) }),
    [playhead],
  );
  const toggle = () => (isPlaying ? playhead.pause() : playhead.play());
  const skip = (ms: number) => {
    const next = playhead.moment() + ms;
    playhead.seek(next);
    if (next < window.from || next >= window.to) setWindow(around(next));
  };
  usePageKeys(({ key, target }) => {
    if (key === ' ' && (target as HTMLElement).closest('button, a')) return undefined;
    return { ' ': toggle, k: toggle, j: () => skip(-skipMs), l: () => skip(skipMs) }[key];
  });
  return (
    <>
      <div className={css.players} data-count={cameras.length}>
        {cameras.map((camera) => (
          <CameraPlayer
            key={camera.id}
            camera={camera}
            playbacks={sorted.filter((it) => it.camera.id === camera.id)}
            playhead={playhead}
          />
        ))}
      </div>
      <div className={css.controls}>
        <Button kind="main" icon={isPlaying ? 'pause' : 'play'} onClick={toggle}>
          {isPlaying ? t('together.pause') : t('together.play')}
        </Button>
        <Button onClick={() => skip(-skipMs)}>{t('together.back')}</Button>
        <Button onClick={() => skip(skipMs)}>{t('together.on')}</Button>
        <SelectField
          label={t('together.speed')}
          value={rate}
          onChange={({ target }) => playhead.setRate(Number(target.value))}
        >
          {rates.map((each) => (
            <option key={each} value={each}>
              {shortNumber(each)} ×
            </option>
          ))}
        </SelectField>
        <p className="numbers" role="timer">
          {dayAndClock(moment)}
        </p>
      </div>
      <Timeline
        cameras={cameras}
        filter={filter}
        window={window}
        now={now}
        playhead={line}
        onTime={(time) => setWindow(asWindow(boundsOf(time, serverNow()), window))}
      />
    </>
  );
}

const around = (moment: number): Window => ({
  from: Math.round(moment - aroundMs),
  to: Math.round(moment + aroundMs),
});

/** The window of the same length that begins shortly before the moment. */
function moved({ from, to }: Window, moment: number): Window {
  const begin = Math.round(moment - (to - from) / 10);
  return { from: begin, to: begin + to - from };
}

const asWindow = (
  { from, to }: { from: number | undefined; to: number | undefined },
  before: Window,
): Window => (from === undefined || to === undefined ? before : { from, to });

/** Calls it for each frame of the screen. @returns call it to end that */
function everyFrame(draw: () => void): () => void {
  let frame = requestAnimationFrame(function next() {
    draw();
    frame = requestAnimationFrame(next);
  });
  return () => cancelAnimationFrame(frame);
}
