import type { ReactNode } from 'react';
import { useNodes } from '../nodes/nodes.ts';
import { SelectField } from '../parts/field.tsx';
import { t } from '../texts/text.ts';

const lookForSitesMs = 60_000;

/**
 * The site whose servers read the camera. The field is shown only where there is a choice: there are servers of several
 * sites, or the camera has a site already.
 * @param saved the site that the camera has; "" for none
 */
export function SiteField({
  saved,
  value,
  problem,
  onChange,
}: {
  saved: string;
  value: string;
  problem: ReactNode;
  onChange: (site: string) => void;
}) {
  const present = useNodes(true, lookForSitesMs).map(({ site }) => site);
  const sites = [...new Set(saved ? [...present, saved] : present)].sort();
  if (sites.length < 2 && !saved) return null;
  return (
    <SelectField
      label={t('cameras.site')}
      hint={t('cameras.siteHint')}
      value={value}
      problem={problem}
      onChange={({ target }) => onChange(target.value)}
    >
      <option value="">{t('cameras.anySite')}</option>
      {sites.map((site) => (
        <option key={site} value={site}>
          {site}
        </option>
      ))}
    </SelectField>
  );
}
