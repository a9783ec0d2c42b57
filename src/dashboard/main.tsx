import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Provider } from 'urql';
import { client } from './api/client.ts';
import { App } from './app.tsx';
import { applyTheme } from './shell/theme.tsx';
import './style/base.css';
import { loadLanguage } from './texts/text.ts';
import { registerWorker } from './worker/register.ts';

applyTheme();
void loadLanguage();
registerWorker();
createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <Provider value={client}>
      <App />
    </Provider>
  </StrictMode>,
);
