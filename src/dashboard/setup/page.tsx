import { type ReactNode, useState } from 'react';
import { mutate } from '../api/client.ts';
import { type Camera, useCameras, usePlayback } from '../api/entities.ts';
import { isRunning } from '../api/running.ts';
import { apiKey, useMay } from '../api/session.ts';
import { CreateEventDocument } from '../gql/graphql.ts';
import { MakeKey } from '../keys/make.tsx';
import { Button, ButtonLink } from '../parts/button.tsx';
import { copyText } from '../parts/copy.ts';
import { sayProblem } from '../parts/notice.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { StatusBadge } from '../parts/status.tsx';
import { examplesFor } from './examples.ts';
import css from './setup.module.css';

const trialSec = 4;

/** Leads from an empty server to the first clip and the first calls of the API. */
export function SetupPage() {
  const mayManage = useMay('manage');
  const cameras = useCameras();
  const camera = cameras.find(({ state }) => state === 'LIVE') ?? cameras[0];
  if (!mayManage) {
    return (
      <Page title="First steps">
        <Empty title="They are for an administrator." />
      </Page>
    );
  }
  return (
    <Page title="First steps">
      <ol className={css.steps}>
        <KeyStep />
        <Step title="A camera" done={camera !== undefined}>
          <p>
            The form can test the connection before it is saved, and says what the camera sends, or what is
            wrong.
          </p>
          <ButtonLink to="/cameras/new" icon="plus">
            {camera ? 'Add another camera' : 'Add a camera'}
          </ButtonLink>
        </Step>
        <TrialStep camera={camera} />
        <ApiStep camera={camera} />
      </ol>
    </Page>
  );
}

function Step({ title, done, children }: { title: string; done?: boolean; children: ReactNode }) {
  return (
    <li className={css.step} data-done={done ? true : undefined}>
      <h2>
        {title}
        {done && <span className={css.done}>done</span>}
      </h2>
      {children}
    </li>
  );
}

function KeyStep() {
  const [making, setMaking] = useState(false);
  const hasKey = apiKey() !== undefined;
  return (
    <Step title="A key for you" done={hasKey}>
      <p>
        {hasKey
          ? 'Everybody else needs a key too: programs that report events, guards who look.'
          : 'Without keys, only this machine may use the server. The first key is yours, with all rights.'}
      </p>
      {hasKey ? (
        <ButtonLink to="/keys" icon="key">
          All keys
        </ButtonLink>
      ) : (
        <Button icon="key" onClick={() => setMaking(true)}>
          Make my key
        </Button>
      )}
      {making && <MakeKey isFirst onMade={async () => {}} onClose={() => setMaking(false)} />}
    </Step>
  );
}

/** Reports an event, and shows what becomes of its recording. */
function TrialStep({ camera }: { camera: Camera | undefined }) {
  const [id, setId] = useState('');
  const playback = usePlayback(id);
  const begin = async (at: Camera) => {
    const type = at.recordOn[0] ?? 'MOTION';
    const input = { cameraId: at.id, type, label: 'on trial', leaseSec: trialSec };
    try {
      const { createEvent } = await mutate(CreateEventDocument, { input });
      if (createEvent.playback) setId(createEvent.playback.id);
      else throw new Error(`${at.name} records no events: choose types in its settings.`);
    } catch (error) {
      sayProblem(error);
    }
  };
  const isOver = playback && !isRunning(playback);
  return (
    <Step title="An event on trial" done={playback?.recordingStatus === 'COMPLETED'}>
      <p>
        {camera
          ? `An event of ${trialSec} seconds at ${camera.name}. Its clip begins before it.`
          : 'It needs a camera.'}
      </p>
      <div className={css.row}>
        <Button
          icon="event"
          disabled={!camera || (playback && !isOver)}
          onClick={() => camera && begin(camera)}
        >
          Report an event
        </Button>
        {playback && (
          <span role="status">
            <StatusBadge status={playback.recordingStatus} />
          </span>
        )}
        {isOver && (
          <ButtonLink to={`/playbacks/${id}`}>
            {playback.recordingStatus === 'COMPLETED' ? 'See the clip' : 'See why it failed'}
          </ButtonLink>
        )}
      </div>
    </Step>
  );
}

/** The first calls, with this server's address and a camera's id. */
function ApiStep({ camera }: { camera: Camera | undefined }) {
  const examples = examplesFor(location.origin, camera?.id ?? 'CAMERA', camera?.recordOn[0] ?? 'MOTION');
  const [language, setLanguage] = useState(examples[0]?.language);
  const code = examples.find((example) => example.language === language)?.code ?? '';
  return (
    <Step title="The first calls">
      <p>
        The API is at <code>{location.origin}/graphql</code>. A program that reports events has a key of the
        role Analytics, in the variable FLASHBACK_KEY.
      </p>
      <div className={css.row} role="group" aria-label="Language">
        {examples.map((example) => (
          <Button
            key={example.language}
            aria-pressed={example.language === language}
            kind={example.language === language ? 'main' : 'plain'}
            onClick={() => setLanguage(example.language)}
          >
            {example.language}
          </Button>
        ))}
        <Button kind="bare" onClick={() => copyText(code, 'The example is copied.')}>
          Copy
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it */}
      <section className={css.code} tabIndex={0} aria-label="Example">
        <pre>{code}</pre>
      </section>
    </Step>
  );
}
