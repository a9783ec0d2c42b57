import { useEffect, useState } from 'react';
import type { Camera } from '../api/entities.ts';
import type { RecordingStatus } from '../gql/graphql.ts';
import { Button } from '../parts/button.tsx';
import { SelectField, TextField } from '../parts/field.tsx';
import { statuses, statusName } from '../parts/format.ts';
import { t } from '../texts/text.ts';
import css from './filter-bar.module.css';
import { type Filters, isFiltered, noFilters } from './filters.ts';
import { TimeFields } from './time-fields.tsx';
import { TypesField } from './types-field.tsx';

/** Controls for the filter of the list and the timeline. */
export function FilterBar({
  cameras,
  filters,
  onChange,
}: {
  cameras: readonly Camera[];
  filters: Filters;
  onChange: (change: Partial<Filters>) => void;
}) {
  // On a phone, all fields together would fill the screen. There, only the search is shown until the user wants the rest.
  const [isOpen, setOpen] = useState(false);
  return (
    <form
      className={css.bar}
      data-open={isOpen ? true : undefined}
      role="search"
      aria-label={t('playbacks.filter.title')}
      onSubmit={(event) => event.preventDefault()}
    >
      <SearchField search={filters.search} onChange={(search) => onChange({ search })} />
      <span className={css.toggle}>
        <Button aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {t('playbacks.filter.more')}
        </Button>
      </span>
      <SelectField
        label={t('playbacks.filter.camera')}
        value={filters.cameraId ?? ''}
        onChange={({ target }) => onChange({ cameraId: target.value || undefined })}
      >
        <option value="">{t('playbacks.filter.allCameras')}</option>
        {cameras.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
      <SelectField
        label={t('playbacks.filter.status')}
        value={filters.statuses.length > 1 ? 'several' : (filters.statuses[0] ?? '')}
        onChange={({ target }) =>
          onChange({ statuses: target.value ? [target.value as RecordingStatus] : [] })
        }
      >
        <option value="">{t('playbacks.filter.anyStatus')}</option>
        {filters.statuses.length > 1 && <option value="several">{t('playbacks.filter.several')}</option>}
        {statuses.map((status) => (
          <option key={status} value={status}>
            {statusName(status)}
          </option>
        ))}
      </SelectField>
      <TypesField types={filters.types} onChange={(types) => onChange({ types })} />
      <SelectField
        label={t('playbacks.filter.protection')}
        value={filters.isProtected === undefined ? '' : String(filters.isProtected)}
        onChange={({ target }) =>
          onChange({ isProtected: target.value ? target.value === 'true' : undefined })
        }
      >
        <option value="">{t('playbacks.filter.protectedOrNot')}</option>
        <option value="true">{t('playbacks.filter.protected')}</option>
        <option value="false">{t('playbacks.filter.notProtected')}</option>
      </SelectField>
      <SelectField
        label={t('playbacks.filter.review')}
        value={filters.isReviewed === undefined ? '' : String(filters.isReviewed)}
        onChange={({ target }) =>
          onChange({ isReviewed: target.value ? target.value === 'true' : undefined })
        }
      >
        <option value="">{t('playbacks.filter.reviewedOrNot')}</option>
        <option value="false">{t('playbacks.filter.hideReviewed')}</option>
        <option value="true">{t('playbacks.filter.onlyReviewed')}</option>
      </SelectField>
      <TimeFields time={filters.time} onChange={(time) => onChange({ time })} />
      {isFiltered(filters) && (
        <Button kind="bare" icon="close" onClick={() => onChange(noFilters)}>
          {t('playbacks.filter.clear')}
        </Button>
      )}
    </form>
  );
}

/** Searches when Enter is pressed or the field loses focus, so that each search is one entry of the history. */
function SearchField({
  search,
  onChange,
}: {
  search: string | undefined;
  onChange: (search: string | undefined) => void;
}) {
  const [typed, setTyped] = useState(search ?? '');
  useEffect(() => setTyped(search ?? ''), [search]);
  const take = () => {
    const next = typed.trim() || undefined;
    if (next !== search) onChange(next);
  };
  return (
    <TextField
      label={t('playbacks.filter.words')}
      type="search"
      placeholder={t('playbacks.filter.wordsExample')}
      value={typed}
      onChange={({ target }) => setTyped(target.value)}
      onBlur={take}
      onKeyDown={({ key }) => key === 'Enter' && take()}
    />
  );
}
