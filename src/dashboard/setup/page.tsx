import { type ReactNode, useState } from 'react';
import { mutate } from '../api/client.ts';
import { type Camera, useCameras, usePlayback } from '../api/entities.ts';
import { apiKey } from '../api/key.ts';
import { isRunning } from '../api/running.ts';
import { useMay } from '../api/session.ts';
import { CameraForm } from '../cameras/form.tsx';
import { stateWords } from '../cameras/state-words.ts';
import { CreateEventDocument } from '../gql/graphql.ts';
import { MakeKey } from '../keys/make.tsx';
import { Button, ButtonLink } from '../parts/button.tsx';
import { copyText } from '../parts/copy.ts';
import { Dialog } from '../parts/dialog.tsx';
import { sayProblem } from '../parts/notice.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { StatusBadge } from '../parts/status.tsx';
import { t } from '../texts/text.ts';
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
      <Page title={t('setup.title')}>
        <Empty title={t('setup.forAdmins')} />
      </Page>
    );
  }
  return (
    <Page title={t('setup.title')}>
      <ol className={css.steps}>
        <KeyStep />
        <CameraStep camera={camera} />
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
        {done && <span className={css.done}>{t('setup.done')}</span>}
      </h2>
      {children}
    </li>
  );
}

function KeyStep() {
  const [making, setMaking] = useState(false);
  const hasKey = apiKey() !== undefined;
  return (
    <Step title={t('setup.key')} done={hasKey}>
      <p>{t(hasKey ? 'setup.othersNeedKeys' : 'setup.withoutKeys')}</p>
      {hasKey ? (
        <ButtonLink to="/keys" icon="key">
          {t('setup.allKeys')}
        </ButtonLink>
      ) : (
        <Button icon="key" onClick={() => setMaking(true)}>
          {t('setup.makeKey')}
        </Button>
      )}
      {making && <MakeKey isFirst onMade={async () => {}} onClose={() => setMaking(false)} />}
    </Step>
  );
}

/** Adds a camera, after a test. */
function CameraStep({ camera }: { camera: Camera | undefined }) {
  const [adding, setAdding] = useState(false);
  const close = () => setAdding(false);
  return (
    <Step title={t('setup.camera')} done={camera !== undefined}>
      <p>{camera ? `${camera.name}: ${stateWords(camera)}` : t('setup.cameraHint')}</p>
      <Button icon="plus" onClick={() => setAdding(true)}>
        {t(camera ? 'setup.addAnother' : 'setup.addCamera')}
      </Button>
      {adding && (
        <Dialog title={t('cameras.addTitle')} onClose={close}>
          <CameraForm camera={undefined} testFirst onAdded={close} onClose={close} />
        </Dialog>
      )}
    </Step>
  );
}

/** Reports an event, and shows what becomes of its recording. */
function TrialStep({ camera }: { camera: Camera | undefined }) {
  const [id, setId] = useState('');
  const playback = usePlayback(id);
  const begin = async (at: Camera) => {
    const type = at.recordOn[0] ?? 'MOTION';
    const input = { cameraId: at.id, type, label: t('setup.trialLabel'), leaseSec: trialSec };
    try {
      const { createEvent } = await mutate(CreateEventDocument, { input });
      if (createEvent.playback) setId(createEvent.playback.id);
      else throw new Error(t('setup.recordsNone', { camera: at.name }));
    } catch (error) {
      sayProblem(error);
    }
  };
  const isOver = playback && !isRunning(playback);
  return (
    <Step title={t('setup.trial')} done={playback?.recordingStatus === 'COMPLETED'}>
      <p>
        {camera ? t('setup.trialHint', { seconds: trialSec, camera: camera.name }) : t('setup.needsCamera')}
      </p>
      <div className={css.row}>
        <Button
          icon="event"
          disabled={!camera || (playback && !isOver)}
          onClick={() => camera && begin(camera)}
        >
          {t('setup.report')}
        </Button>
        {playback && (
          <span role="status">
            <StatusBadge status={playback.recordingStatus} />
          </span>
        )}
        {isOver && (
          <ButtonLink to={`/playbacks/${id}`}>
            {t(playback.recordingStatus === 'COMPLETED' ? 'setup.seeClip' : 'setup.seeWhy')}
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
    <Step title={t('setup.calls')}>
      <p>{t.rich('setup.api', { address: () => <code>{`${location.origin}/graphql`}</code> })}</p>
      <div className={css.row} role="group" aria-label={t('setup.language')}>
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
        <Button kind="bare" onClick={() => copyText(code, t('setup.copied'))}>
          {t('parts.copy')}
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it */}
      <section className={css.code} tabIndex={0} aria-label={t('setup.example')}>
        <pre lang="en">{code}</pre>
      </section>
    </Step>
  );
}
