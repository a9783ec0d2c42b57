import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  NoSchemaIntrospectionCustomRule,
  parse,
  type SelectionSetNode,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { RequestError } from '../domain/errors.ts';
import { expectedError } from './public-errors.ts';

/** The most tokens in a document. The largest of the dashboard has some 400. */
const maxTokens = 2_000;
const maxDepth = 12;
/** The most fields in a document. A fragment counts each time it is spread. */
const maxFields = 500;
const maxAliases = 50;
/**
 * The most values in an answer, plus the cost of rows that the database reads only to count or skip them. A full page
 * of 100 playbacks with all fields costs some 6,000.
 */
const maxCost = 20_000;

/**
 * The cost of a field of JSON: an event's metadata may have 64 KiB, and a list of a hundred events six megabytes. An
 * answer to introspection has hundreds of kilobytes.
 */
const costOfJson = 20;
const costOfIntrospection = 500;
/** The longest alias, in characters. The answer repeats an alias for every item of a list. */
const longestAlias = 100;

/**
 * The fields that count every matching row: of the whole database or, inside a camera or another object, of that
 * object.
 */
const totals = ['total', 'totalPages', 'totalCount', 'counts'];
const totalCost = 500;
const innerTotalCost = 50;
/** A numbered page is found by reading all rows before it. Skipping a row costs a hundredth of returning it. */
const skippedPerCost = 100;
/** The page that is assumed for `page: $n`, whose value is not known at validation. */
const usualPage = 1_000;

/** The length that is assumed for a list that takes no size argument, unless it is a field of Query. */
const usualListLength = 5;
/** The size that is assumed for `first: $n`, whose value is not known at validation. */
const largestPage = 100;
const defaultPage = 20;
const sizeArguments = ['first', 'last', 'pageSize'];
/** Lists whose length is already counted with the page's size. */
const listsOfPages = ['edges', 'nodes', 'items'];

/** The sums over a selection. */
interface Weight {
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
  readonly cost: number;
  /** Whether the selection itself contains a total. */
  readonly counts: boolean;
}

/**
 * Refuses documents that are too much work with QUERY_TOO_COMPLEX. It does so before validation, because the time of some
 * validation rules grows faster than the document. Weighing takes time in proportion to the document: a fragment is
 * weighed once, however often it is spread.
 */
export function limitedDocuments({ introspection }: { introspection: boolean }): Plugin {
  return {
    onParse: ({ setParseFn }) =>
      setParseFn((source, options) => {
        try {
          return parse(source, { ...options, maxTokens });
        } catch (error) {
          if (!(error instanceof GraphQLError) || !/contains more (than|that) \d+ tokens/.test(error.message))
            throw error;
          throw tooComplex(`The document has more than ${maxTokens} tokens.`);
        }
      }),
    onValidate: ({ params, addValidationRule, setResult }) => {
      const problem = weighDocument(params.schema, params.documentAST);
      if (problem) setResult([tooComplex(problem)]);
      if (!introspection) addValidationRule(NoSchemaIntrospectionCustomRule);
    },
  };
}

const tooComplex = (message: string) => expectedError(new RequestError('QUERY_TOO_COMPLEX', message));

const costs = new WeakMap<DocumentNode, number>();

/** The cost of the most expensive operation of a validated document. */
export const costOf = (document: DocumentNode): number => costs.get(document) ?? maxCost;

function weighDocument(schema: GraphQLSchema, document: DocumentNode): string | undefined {
  costs.set(document, 0);
  const scale = new Scale(schema, document);
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const root = schema.getRootType(definition.operation)?.name;
    const { depth, fields, aliases, cost } = scale.weigh(definition.selectionSet, root);
    costs.set(document, Math.max(cost, costOf(document)));
    if (depth > maxDepth) return `The operation is ${depth} levels deep; ${maxDepth} are allowed.`;
    if (aliases > maxAliases) return `The operation has ${aliases} aliases; ${maxAliases} are allowed.`;
    if (scale.longAlias) return `An alias may have ${longestAlias} characters, not ${scale.longAlias}.`;
    if (fields > maxFields) return `The operation selects ${fields} fields; ${maxFields} are allowed.`;
    if (cost > maxCost) {
      return `The operation costs ${cost}, a unit per value and more for totals and late pages; ${maxCost} are allowed.`;
    }
  }
  return undefined;
}

const nothing: Weight = { depth: 0, fields: 0, aliases: 0, cost: 0, counts: false };

class Scale {
  readonly #schema: GraphQLSchema;
  readonly #fragments: Map<string, FragmentDefinitionNode>;
  readonly #weighed = new Map<string, Weight>();
  /** The length of an alias that is too long; undefined if there is none. */
  longAlias: number | undefined;

  constructor(schema: GraphQLSchema, document: DocumentNode) {
    this.#schema = schema;
    this.#fragments = new Map(
      document.definitions.flatMap((it) =>
        it.kind === Kind.FRAGMENT_DEFINITION ? [[it.name.value, it] as const] : [],
      ),
    );
  }

  /** @param typeName undefined inside a field that does not exist, which validation refuses later */
  weigh(selections: SelectionSetNode, typeName: string | undefined): Weight {
    return selections.selections
      .map((selection): Weight => {
        if (selection.kind === Kind.FIELD) return this.#weighField(selection, typeName);
        if (selection.kind === Kind.FRAGMENT_SPREAD) return this.#weighFragment(selection.name.value);
        return this.weigh(selection.selectionSet, selection.typeCondition?.name.value ?? typeName);
      })
      .reduce(sum, nothing);
  }

  #weighField(node: FieldNode, typeName: string | undefined): Weight {
    const field = this.#fieldOf(typeName, node.name.value);
    const alias = node.alias?.value.length ?? 0;
    if (alias > longestAlias) this.longAlias = alias;
    // Introspection has limits of its own (graphql's MaxIntrospectionDepthRule).
    if (node.name.value === '__typename')
      return { ...nothing, fields: 1, aliases: node.alias ? 1 : 0, cost: 1 };
    if (node.name.value.startsWith('__')) return { ...nothing, fields: 1, cost: costOfIntrospection };
    const type = field && getNamedType(field.type);
    const inner = node.selectionSet
      ? this.weigh(node.selectionSet, isCompositeType(type) ? type.name : undefined)
      : nothing;
    const isRoot = typeName === this.#schema.getQueryType()?.name;
    const unseen = (inner.counts ? (isRoot ? totalCost : innerTotalCost) : 0) + skippedBy(node, field);
    return {
      depth: inner.depth + 1,
      fields: inner.fields + 1,
      aliases: inner.aliases + (node.alias ? 1 : 0),
      cost: (type?.name === 'JSON' ? costOfJson : 1) + unseen + inner.cost * lengthOf(node, field, isRoot),
      counts: totals.includes(node.name.value),
    };
  }

  #weighFragment(name: string): Weight {
    const known = this.#weighed.get(name);
    if (known) return known;
    const fragment = this.#fragments.get(name);
    if (!fragment) return nothing;
    // A fragment that contains itself weighs nothing there; validation refuses it later.
    this.#weighed.set(name, nothing);
    const weight = this.weigh(fragment.selectionSet, fragment.typeCondition.name.value);
    this.#weighed.set(name, weight);
    return weight;
  }

  #fieldOf(typeName: string | undefined, name: string): Field | undefined {
    const type = typeName === undefined ? undefined : this.#schema.getType(typeName);
    return isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
  }
}

const sum = (a: Weight, b: Weight): Weight => ({
  depth: Math.max(a.depth, b.depth),
  fields: a.fields + b.fields,
  aliases: a.aliases + b.aliases,
  cost: a.cost + b.cost,
  counts: a.counts || b.counts,
});

type Field = GraphQLField<unknown, unknown>;

/** How often the answer may contain a field's selection. */
function lengthOf(node: FieldNode, field: Field | undefined, isRoot: boolean): number {
  if (!field) return 1;
  if (field.args.some(({ name }) => sizeArguments.includes(name))) return pageSizeOf(node);
  if (!isListType(getNullableType(field.type)) || listsOfPages.includes(field.name)) return 1;
  return isRoot ? largestPage : usualListLength;
}

function pageSizeOf(node: FieldNode): number {
  const given = (node.arguments ?? []).filter(({ name }) => sizeArguments.includes(name.value));
  const sizes = given.map(({ value }) => (value.kind === Kind.INT ? Number(value.value) : largestPage));
  return sizes.length === 0 ? defaultPage : Math.min(largestPage, Math.max(1, ...sizes));
}

/** The cost of the rows that a numbered page skips; 0 for a field without numbered pages. */
function skippedBy(node: FieldNode, field: Field | undefined): number {
  if (!field?.args.some(({ name }) => name === 'page')) return 0;
  const page = node.arguments?.find(({ name }) => name.value === 'page')?.value;
  if (!page || page.kind === Kind.NULL) return 0;
  const number = page.kind === Kind.INT ? Math.max(1, Number(page.value)) : usualPage;
  return Math.ceil(((number - 1) * pageSizeOf(node)) / skippedPerCost);
}
