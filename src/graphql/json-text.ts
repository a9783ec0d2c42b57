/**
 * JSON as the database returns it. Each value is parsed only when the answer is written, one after another, because
 * small objects need twenty times the memory of their text.
 */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}
