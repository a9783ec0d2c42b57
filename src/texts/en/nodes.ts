export const nodes = {
  forAdmins: 'Only an administrator sees the nodes.',
  state: { LIVE: 'Live', DRAINING: 'Handing its work over', ENDED: 'Stopped', LOST: 'Lost' },
  load: '{cameras, plural, one {# camera} other {# cameras}} · {recordings, number} of {capacity, number} recordings',
  site: 'Site {site}',
  version: 'version {version}',
  heartbeat: 'last heartbeat {time}',
  problem: 'It takes no recording: <why></why>.',
} as const;
