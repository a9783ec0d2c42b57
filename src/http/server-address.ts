/** The base of this server's addresses, like http://127.0.0.1:4000: PUBLIC_URL, else host and port. */
export class ServerAddress {
  readonly #options: { publicUrl: string | undefined; host: string };
  #port: number;

  /** @param options.port 0: the system chooses the port, and `listensOn` tells it */
  constructor(options: { publicUrl: string | undefined; host: string; port: number }) {
    this.#options = options;
    this.#port = options.port;
  }

  listensOn(port: number): void {
    this.#port = port;
  }

  /** The base address, without a slash at the end. */
  get url(): string {
    const { publicUrl, host } = this.#options;
    return publicUrl ?? `http://${host.includes(':') ? `[${host}]` : host}:${this.#port}`;
  }
}
