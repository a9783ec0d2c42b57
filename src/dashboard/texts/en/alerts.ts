export const alerts = {
  title: 'Alerts',
  on: 'Alerts: on',
  off: 'Alerts: off',
  notAllowed: 'This browser does not allow it; change that in its settings for this page.',
  when: 'When an event begins to be recorded, and a tab of this browser has the dashboard open:',
  sound: 'Play a sound',
  desktop: 'Show a notice on the desktop',
  needsHttps: 'Browsers show notices only for addresses with https, or of this machine.',
  cameras: 'Cameras',
  types: 'Types',
  noneIsAll: 'none chosen: all',
} as const;
