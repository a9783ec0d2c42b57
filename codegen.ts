import type { CodegenConfig } from '@graphql-codegen/cli';

const config = {
  enumsAsTypes: true,
  useTypeImports: true,
  scalars: { DateTime: 'string', BigInt: 'number', JSON: 'unknown', URL: 'string', ID: 'string' },
};

/** Typed documents for clients, made from schema.graphql and the operations in their sources. */
const codegen: CodegenConfig = {
  schema: 'schema.graphql',
  generates: {
    'src/demo/gql/': {
      documents: ['src/demo/*.ts'],
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: { ...config, documentMode: 'string' },
    },
    'src/dashboard/gql/': {
      documents: ['src/dashboard/**/*.graphql'],
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: { ...config, documentMode: 'string', inlineFragmentTypes: 'combine' },
    },
  },
  emitLegacyCommonJSImports: false,
  silent: true,
};

export default codegen;
