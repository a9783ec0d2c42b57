import type { PlaybackFilter } from '../gql/graphql.ts';

/** The variables of the queries with which views begin. ahead.ts sends the same ones, so both have to be equal. */

/** A page of a list, as long as the API allows. @param after a cursor; null for the first page */
export const pageOf = (filter: PlaybackFilter, after: string | null) => ({ filter, first: 100, after });

/** Some of the newest playbacks of all cameras. */
export const newestFew = { first: 20 };
