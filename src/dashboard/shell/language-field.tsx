import { SelectField } from '../parts/field.tsx';
import { type Language, languages } from '../texts/languages.ts';
import { t } from '../texts/text.ts';

/** The languages, each in its own words. */
export function LanguageField({
  value,
  onChange,
}: {
  value: Language;
  onChange: (language: Language) => void;
}) {
  return (
    <SelectField
      label={t('shell.language')}
      value={value}
      onChange={({ target }) => onChange(target.value as Language)}
    >
      {Object.entries(languages).map(([tag, name]) => (
        <option key={tag} value={tag} lang={tag}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}
