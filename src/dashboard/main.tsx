import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { askWhoIAm } from './api/sign-in.ts';
import { App, preloadView } from './app.tsx';
import { applyTheme } from './shell/theme.tsx';
import './style/base.css';
import { loadLanguage } from './texts/text.ts';
import { registerWorker } from './worker/register.ts';

applyTheme();
registerWorker();
void askWhoIAm();
void start();

async function start(): Promise<void> {
  // If its module cannot be loaded now, the view tries again.
  await Promise.all([loadLanguage(), preloadView(location.pathname).catch(() => {})]);
  createRoot(document.getElementById('root') as HTMLElement).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
