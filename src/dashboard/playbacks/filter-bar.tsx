import type { Camera } from '../api/entities.ts';
import type { EventType, RecordingStatus } from '../gql/graphql.ts';
import { Button } from '../parts/button.tsx';
import { SelectField } from '../parts/field.tsx';
import { eventTypes, statuses, statusNames, typeNames } from '../parts/format.ts';
import css from './filter-bar.module.css';
import { type Filters, isFiltered, noFilters } from './filters.ts';
import { TimeFields } from './time-fields.tsx';

/** Which playbacks are listed and drawn. */
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
      <SelectField
        label="Type"
        value={filters.types.length > 1 ? 'several' : (filters.types[0] ?? '')}
        onChange={({ target }) => onChange({ types: target.value ? [target.value as EventType] : [] })}
      >
        <option value="">Any type</option>
        {filters.types.length > 1 && <option value="several">Several</option>}
        {eventTypes.map((type) => (
          <option key={type} value={type}>
            {typeNames[type]}
          </option>
        ))}
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
