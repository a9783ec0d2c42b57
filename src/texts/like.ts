/** What another language has to have: the same keys as the English catalog. test/dashboard/texts.test.ts compares the placeholders. */
export type Like<Texts> = {
  readonly [Key in keyof Texts]: Texts[Key] extends string ? string : Like<Texts[Key]>;
};
