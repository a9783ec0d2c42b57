import type { CodegenConfig } from '@graphql-codegen/cli';

/** Typed documents for clients, made from schema.graphql and the operations in their sources. */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  generates: {
    'src/demo/gql/': {
      documents: ['src/demo/*.ts'],
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        enumsAsTypes: true,
        useTypeImports: true,
        scalars: { DateTime: 'string', BigInt: 'number', JSON: 'unknown', URL: 'string', ID: 'string' },
      },
    },
  },
  emitLegacyCommonJSImports: false,
  silent: true,
};

export default config;
