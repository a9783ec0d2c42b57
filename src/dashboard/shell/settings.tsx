import { type FormEvent, useState } from 'react';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { SelectField } from '../parts/field.tsx';
import { chooseLanguage, language, t } from '../texts/text.ts';
import { browsersZone, chooseZone, chosenZone, zones } from '../texts/time-zone.ts';
import { LanguageField } from './language-field.tsx';
import css from './settings.module.css';

/** The language and the time zone of this browser. They count when the dialog is done, because every view then starts anew. */
export function SettingsDialog({ onClose }: { onClose: () => void }) {
  const [tongue, setTongue] = useState(language.get() ?? 'en');
  const [zone, setZone] = useState(chosenZone.get());
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    onClose();
    await chooseLanguage(tongue);
    chooseZone(zone);
  };
  return (
    <Dialog title={t('shell.settings')} small onClose={onClose}>
      <form className={css.form} onSubmit={submit}>
        <LanguageField value={tongue} onChange={setTongue} />
        <SelectField
          label={t('shell.timeZone')}
          hint={t('shell.timeZoneHint')}
          value={zone}
          onChange={({ target }) => setZone(target.value)}
        >
          <option value="">{t('shell.browsersZone', { zone: browsersZone })}</option>
          {zones().map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </SelectField>
        <div className={css.actions}>
          <Button onClick={onClose}>{t('parts.cancel')}</Button>
          <Button kind="main" type="submit">
            {t('parts.done')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
