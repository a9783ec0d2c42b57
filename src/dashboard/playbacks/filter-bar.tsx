import { useEffect, useState } from 'react';
import type { Camera } from '../api/entities.ts';
import type { RecordingStatus } from '../gql/graphql.ts';
import { Button } from '../parts/button.tsx';
import { SelectField, TextField } from '../parts/field.tsx';
import { statuses, statusNames } from '../parts/format.ts';
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
  return (
    <form
      className={css.bar}
      role="search"
      aria-label="Filter playbacks"
      onSubmit={(event) => event.preventDefault()}
    >
      <SearchField search={filters.search} onChange={(search) => onChange({ search })} />
      <SelectField
        label="Camera"
        value={filters.cameraId ?? ''}
        onChange={({ target }) => onChange({ cameraId: target.value || undefined })}
      >
        <option value="">All cameras</option>
        {cameras.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
      <SelectField
        label="Status"
        value={filters.statuses.length > 1 ? 'several' : (filters.statuses[0] ?? '')}
        onChange={({ target }) =>
          onChange({ statuses: target.value ? [target.value as RecordingStatus] : [] })
        }
      >
        <option value="">Any status</option>
        {filters.statuses.length > 1 && <option value="several">Several</option>}
        {statuses.map((status) => (
          <option key={status} value={status}>
            {statusNames[status]}
          </option>
        ))}
      </SelectField>
      <TypesField types={filters.types} onChange={(types) => onChange({ types })} />
      <SelectField
        label="Protection"
        value={filters.isProtected === undefined ? '' : String(filters.isProtected)}
        onChange={({ target }) =>
          onChange({ isProtected: target.value ? target.value === 'true' : undefined })
        }
      >
        <option value="">Protected or not</option>
        <option value="true">Protected</option>
        <option value="false">Not protected</option>
      </SelectField>
      <SelectField
        label="Review"
        value={filters.isReviewed === undefined ? '' : String(filters.isReviewed)}
        onChange={({ target }) =>
          onChange({ isReviewed: target.value ? target.value === 'true' : undefined })
        }
      >
        <option value="">Reviewed or not</option>
        <option value="false">Hide reviewed</option>
        <option value="true">Only reviewed</option>
      </SelectField>
      <TimeFields time={filters.time} onChange={(time) => onChange({ time })} />
      {isFiltered(filters) && (
        <Button kind="bare" icon="close" onClick={() => onChange(noFilters)}>
          Clear
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
      label="Words"
      type="search"
      placeholder="postman gate"
      value={typed}
      onChange={({ target }) => setTyped(target.value)}
      onBlur={take}
      onKeyDown={({ key }) => key === 'Enter' && take()}
    />
  );
}
