import type { Role } from '../gql/graphql.ts';

export const roleWords: Readonly<Record<Role, string>> = {
  VIEWER: 'Viewer: looks',
  ANALYTICS: 'Analytics: reports events, sees its own',
  OPERATOR: 'Operator: also records, deletes, protects, shares',
  ADMIN: 'Admin: everything, cameras and keys too',
};
export const roles = Object.keys(roleWords) as Role[];
