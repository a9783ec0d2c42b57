/** The title and the icon of this browser tab: the view's name, and how many recordings run. */

let title = '';
let recordings = 0;

export function setTitle(view: string): void {
  title = view;
  show();
}

/** @param count of running recordings, which is shown before the title; the icon then has a red mark */
export function markTab(count: number): void {
  recordings = count;
  // The icon of the installed app. Browsers refuse it where the app is not installed.
  navigator.setAppBadge?.(count).catch(() => {});
  show();
  const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]');
  const file = count > 0 ? '/icon-recording.svg' : '/icon.svg';
  if (icon && icon.getAttribute('href') !== file) icon.href = file;
}

function show(): void {
  document.title = `${recordings > 0 ? `(${recordings}) ` : ''}${title} · Flashback`;
}
