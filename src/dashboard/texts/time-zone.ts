import { observable } from '../api/observable.ts';

/** The time zone of all shown times: that of the browser, or another one that the user has chosen, for example a site's. */

const name = 'flashback.timeZone';

/** Names that browsers still use for zones that IANA has renamed since. */
const renamed: Readonly<Record<string, string>> = {
  'America/Buenos_Aires': 'America/Argentina/Buenos_Aires',
  'America/Godthab': 'America/Nuuk',
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Europe/Kiev': 'Europe/Kyiv',
};
const presentName = (zone: string): string => renamed[zone] ?? zone;

/** The IANA name of the browser's zone. */
export const browsersZone = presentName(Intl.DateTimeFormat().resolvedOptions().timeZone);

/** The IANA name that the user has chosen; empty: the browser's zone. */
export const chosenZone = observable(stored());

/** The IANA name of the zone in use. */
export const timeZone = (): string => chosenZone.get() || browsersZone;

/** @param zone an IANA name; empty: the browser's zone */
export function chooseZone(zone: string): void {
  localStorage.setItem(name, zone);
  chosenZone.set(zone);
}

/** All zones that the browser knows, by name. Some browsers leave UTC out. */
export const zones = (): readonly string[] => [
  ...new Set(['UTC', ...Intl.supportedValuesOf('timeZone').map(presentName).sort()]),
];

function stored(): string {
  const zone = localStorage.getItem(name) ?? '';
  try {
    if (zone) new Intl.DateTimeFormat('en', { timeZone: zone });
    return zone;
  } catch {
    // This browser does not know the zone.
    return '';
  }
}

// Another tab of this browser has changed it.
window.addEventListener('storage', ({ key }) => key === name && chosenZone.set(stored()));
