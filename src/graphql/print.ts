import { writeFileSync } from 'node:fs';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { schema } from './schema.ts';

/** The schema as it is checked in. It is sorted, so that a diff shows only real changes. */
export const printedSchema = (): string => `${printSchema(lexicographicSortSchema(schema))}\n`;

/** `node dist/graphql/print.js FILE` writes the schema to FILE. */
const file = process.argv[2];
if (import.meta.filename === process.argv[1] && file) writeFileSync(file, printedSchema());
