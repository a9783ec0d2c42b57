// Firefox, driven by WebDriver BiDi (https://w3c.github.io/webdriver-bidi): Debian's Firefox ESR lacks commands that
// playwright-core sends with every page.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { startProgram } from './program.ts';

export interface FirefoxPage {
  /** The errors of the page's scripts. */
  readonly errors: readonly string[];
  /** Resolves when the page is loaded. */
  open(url: string): Promise<void>;
  /** The value of an expression in the page; a promise is awaited. */
  evaluate<Value>(expression: string): Promise<Value>;
  /** Waits until an expression in the page is true. */
  until(expression: string): Promise<void>;
  /** Clicks with the mouse, once the element is there, in its middle. @param expression gives the element */
  click(expression: string): Promise<void>;
  close(): Promise<void>;
}

interface Answer {
  readonly id?: number;
  readonly type: 'success' | 'error' | 'event';
  readonly method?: string;
  readonly params?: { readonly level?: string; readonly text?: string };
  readonly message?: string;
  readonly result?: unknown;
}

interface Evaluated {
  readonly result?: { readonly value: string; readonly sharedId?: string };
  readonly exceptionDetails?: { readonly text: string };
}

const preferences = [
  // Firefox sends requests only to the server of the test.
  'user_pref("app.update.enabled", false);',
  'user_pref("network.captive-portal-service.enabled", false);',
  'user_pref("network.connectivity-service.enabled", false);',
  'user_pref("browser.safebrowsing.update.enabled", false);',
  'user_pref("services.settings.server", "data:,#remote-settings-dummy/v1");',
  'user_pref("media.autoplay.default", 0);',
  'user_pref("intl.accept_languages", "en-GB, en");',
];

export async function openFirefox(): Promise<FirefoxPage> {
  const profile = await mkdtemp(path.join(os.tmpdir(), 'flashback-firefox-'));
  await writeFile(path.join(profile, 'user.js'), preferences.join('\n'));
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'];
  const firefox = await startProgram('firefox-esr', args, (line) =>
    line.includes('WebDriver BiDi listening'),
  );
  const [, address] = /(ws:\S+)/.exec(firefox.ready)!;
  const socket = new WebSocket(`${address}/session`);
  await once(socket, 'open');

  const errors: string[] = [];
  const waiting = new Map<number, (answer: Answer) => void>();
  socket.on('message', (data) => {
    const answer = JSON.parse(String(data)) as Answer;
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
    else if (answer.params?.level === 'error') errors.push(answer.params.text ?? '');
  });
  let sent = 0;
  async function command<Result>(method: string, params: object = {}): Promise<Result> {
    const id = ++sent;
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    const answer = await answered;
    waiting.delete(id);
    if (answer.type === 'error') throw new Error(`${method}: ${answer.message}`);
    return answer.result as Result;
  }

  await command('session.new', { capabilities: {} });
  await command('session.subscribe', { events: ['log.entryAdded'] });
  const { contexts } = await command<{ contexts: { context: string }[] }>('browsingContext.getTree');
  const { context } = contexts[0]!;
  const run = async (expression: string): Promise<NonNullable<Evaluated['result']>> => {
    const { result, exceptionDetails } = await command<Evaluated>('script.evaluate', {
      ...{ expression, target: { context }, awaitPromise: true, userActivation: false },
    });
    if (!result) throw new Error(`${exceptionDetails?.text}: ${expression}`);
    return result;
  };
  const evaluate = async <Value>(expression: string): Promise<Value> => {
    const { value } = await run(`Promise.resolve(${expression}).then((it) => JSON.stringify(it ?? null))`);
    return JSON.parse(value) as Value;
  };
  const until = (expression: string) =>
    expect.poll(() => evaluate(`Boolean(${expression})`), { message: expression }).toBe(true);
  return {
    errors,
    evaluate,
    async open(url) {
      await command('browsingContext.navigate', { context, url, wait: 'complete' });
    },
    until,
    async click(expression) {
      await until(expression);
      const { sharedId } = await run(expression);
      const origin = { type: 'element', element: { sharedId } };
      const actions = [
        { type: 'pointerMove', x: 0, y: 0, origin },
        { type: 'pointerDown', button: 0 },
        { type: 'pointerUp', button: 0 },
      ];
      await command('input.performActions', {
        context,
        actions: [{ type: 'pointer', id: 'mouse', actions }],
      });
    },
    async close() {
      socket.close();
      await firefox.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
