/**
 * JSON as the database gives it. It becomes a value only while the answer is written, one after the other: small objects
 * need twenty times the memory of their text.
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
