/** Icons on a grid of 20, in the colour of the text next to them. Each one repeats what its label says. */
const paths = {
  cameras: 'M3 5.5h9.5v9H3zM12.5 9l4.5-2.5v7L12.5 11z',
  now: 'M2.5 10.5h3.2l2.3-6l4 11l2.3-5h3.2',
  playbacks: 'M3 4.5h14v11H3zM8.3 7.5v5l4.2-2.5z',
  plus: 'M10 4v12M4 10h12',
  minus: 'M4 10h12',
  close: 'M5 5l10 10M15 5L5 15',
  settings: 'M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4',
  record: 'M10 2.8a7.2 7.2 0 1 0 0 14.4a7.2 7.2 0 1 0 0-14.4M10 7.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 0-5',
  stop: 'M10 2.8a7.2 7.2 0 1 0 0 14.4a7.2 7.2 0 1 0 0-14.4M7.8 7.8h4.4v4.4H7.8z',
  event: 'M11.5 2.5L4.5 11.5h5l-1 6l7-9h-5z',
  play: 'M6 4v12l10-6z',
  pause: 'M7 4.5v11M13 4.5v11',
  stepBack: 'M14 4.5v11l-7-5.5zM5 4.5v11',
  stepForward: 'M6 4.5v11l7-5.5zM15 4.5v11',
  fullscreen: 'M3.5 7.5v-4h4M12.5 3.5h4v4M16.5 12.5v4h-4M7.5 16.5h-4v-4',
  sound: 'M3.5 8v4h3l4 3.5v-11L6.5 8zM13.5 7.5a3.5 3.5 0 0 1 0 5M15.5 5a7 7 0 0 1 0 10',
  muted: 'M3.5 8v4h3l4 3.5v-11L6.5 8zM13.5 8l4 4M17.5 8l-4 4',
  download: 'M10 3v9.5M6 9l4 4l4-4M3.5 16.5h13',
  link: 'M8.5 11.5l3-3M9 6l1.8-1.8a3.4 3.4 0 0 1 5 5L14 11M11 14l-1.8 1.8a3.4 3.4 0 0 1-5-5L6 9',
  bell: 'M5.5 13.5V9a4.5 4.5 0 0 1 9 0v4.5l1.5 1.5h-12zM8.3 17.3h3.4',
  bellOff: 'M5.5 13.5V9a4.5 4.5 0 0 1 9 0v4.5l1.5 1.5h-12zM8.3 17.3h3.4M3 3l14 14',
  keep: 'M10 2.8l6 2.2v4.6c0 3.6-2.4 6.3-6 7.6c-3.6-1.3-6-4-6-7.6V5zM7.3 10l2 2l3.6-4',
  reviewed: 'M3.5 10.5l4.2 4.2L16.5 5.5',
  share: 'M10 12.5v-9M6.5 6.5l3.5-3.5l3.5 3.5M4.5 10.5v6h11v-6',
  key: 'M7 9.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7M9.5 10.5l6.5-7M13 6.5l2.5 2.5',
  nodes: 'M3 3.5h14v5.5H3zM3 11h14v5.5H3zM6 6.2h.1M6 13.7h.1',
  trash: 'M3.5 5.5h13M8 5.5v-2h4v2M5 5.5l.8 11h8.4l.8-11',
  retry: 'M15.8 11a6 6 0 1 1-1.2-4.8M15.5 3v3.8h-3.8',
  back: 'M12 4.5L6.5 10l5.5 5.5',
  forward: 'M8 4.5l5.5 5.5L8 15.5',
  sun: 'M10 6.8a3.2 3.2 0 1 0 0 6.4a3.2 3.2 0 1 0 0-6.4M10 2v1.8M10 16.2V18M2 10h1.8M16.2 10H18M4.4 4.4l1.2 1.2M14.4 14.4l1.2 1.2M4.4 15.6l1.2-1.2M14.4 5.6l1.2-1.2',
  moon: 'M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5z',
  system: 'M3 4h14v9.5H3zM7.5 16.5h5',
  globe:
    'M10 2.8a7.2 7.2 0 1 0 0 14.4a7.2 7.2 0 1 0 0-14.4M2.8 10h14.4M10 2.8c-5 4.5-5 9.9 0 14.4M10 2.8c5 4.5 5 9.9 0 14.4',
  leave: 'M8 3.5H4v13h4M8 10h8.5M13 6.5l3.5 3.5l-3.5 3.5',
  noPicture: 'M3 4.5h14v11H3zM3 4.5l14 11',
} as const;

export type IconName = keyof typeof paths;
const solid = new Set<IconName>(['play', 'event', 'stepBack', 'stepForward']);

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill={solid.has(name) ? 'currentColor' : 'none'}
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}
