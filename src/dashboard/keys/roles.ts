import type { Role } from '../gql/graphql.ts';
import { t } from '../texts/text.ts';

export const roles = ['VIEWER', 'ANALYTICS', 'OPERATOR', 'ADMIN'] as const satisfies readonly Role[];

/** The role, and what it may do. */
export const roleWords = (role: Role): string => t(`keys.role.${role}`);
