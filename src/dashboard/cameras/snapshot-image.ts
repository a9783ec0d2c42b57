/** Begins to load the newest picture of a camera. @param url the camera's `snapshotUrl` */
export function loadSnapshot(url: string): HTMLImageElement {
  const address = new URL(url, location.href);
  address.searchParams.set('t', String(Date.now()));
  const image = new Image();
  image.src = address.href;
  return image;
}
