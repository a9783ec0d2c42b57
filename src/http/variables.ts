import {
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  getNullableType,
  isInputObjectType,
  isInputType,
  isListType,
  Kind,
  typeFromAST,
} from 'graphql';

/** The most items in a list. The longest useful list has the cameras of a large site. */
const longestList = 1_000;

/** Returns a message if a variable contains a list that is too long. JSON scalars have limits of their own. */
export function problemOfVariables(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: { readonly [name: string]: unknown } | null | undefined,
): string | undefined {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    for (const { variable, type } of definition.variableDefinitions ?? []) {
      const name = variable.name.value;
      const inputType = typeFromAST(schema, type as never);
      if (!isInputType(inputType) || !hasLongList(inputType, variables?.[name])) continue;
      return `The variable ${name} holds a list of more than ${longestList}.`;
    }
  }
  return undefined;
}

function hasLongList(type: GraphQLInputType, value: unknown): boolean {
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    if (!Array.isArray(value)) return hasLongList(nullable.ofType, value);
    return value.length > longestList || value.some((item) => hasLongList(nullable.ofType, item));
  }
  if (!isInputObjectType(nullable) || typeof value !== 'object' || value === null) return false;
  const given = value as Record<string, unknown>;
  return Object.values(nullable.getFields()).some((field) => hasLongList(field.type, given[field.name]));
}
