export const wall = {
  live: 'Live',
  ago: '{seconds} s ago',
  sees: 'What {camera} sees now',
  goBack: 'Go back at {camera}',
  notPlayable: 'Not live: this browser does not play {codec}.',
  thisVideo: 'this video',
  full: 'Not live: {count, number} other cameras are in view.',
  failed: 'Not live at the moment. Trying again…',
} as const;
