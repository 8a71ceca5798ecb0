// Lint rules: what the compiler cannot say. Formatting is Prettier's.
import js from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name; only shaders are default exports.',
}

/** Of a recording of hours: arguments of a call lie on the stack, which ends the process. */
const noSpreadIntoArray = {
  selector: 'CallExpression[callee.property.name=/^(push|unshift|splice)$/] > SpreadElement',
  message: 'Add one value after the other.',
}
const noSpreadIntoMath = {
  selector: "CallExpression[callee.object.name='Math'] > SpreadElement",
  message: 'Use largestOf or leastOf.',
}

export default defineConfig(
  globalIgnores(['dist/', '.cache/', 'runs/', 'coverage/']),
  js.configs.recommended,
  {
    // TypeScript's own programs and the set-up scripts run in Node as they are.
    files: ['**/*.{js,mjs}'],
    rules: { 'no-undef': 'off' },
  },
  {
    files: ['{src,cli,test,bench}/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // `async` is part of a signature, e.g. of a Store that happens to be in memory.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': 'off', // the compiler's noUnusedLocals and noUnusedParameters
      'no-restricted-syntax': ['error', noDefaultExport],
    },
  },
  {
    // Tests read JSON that they wrote themselves, and plain JavaScript.
    files: ['test/**/*.ts'],
    rules: Object.fromEntries(
      ['argument', 'assignment', 'call', 'member-access', 'return'].map((use) => [
        `@typescript-eslint/no-unsafe-${use}`,
        'off',
      ]),
    ),
  },
  {
    // What is known to be there is read with `!` (CONTRIBUTING.md).
    files: ['{src,cli,bench,test}/**/*.ts'],
    rules: { '@typescript-eslint/non-nullable-type-assertion-style': 'error' },
  },
  {
    files: ['{src,cli,bench}/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport, noSpreadIntoArray] },
  },
  {
    // Not where a largest of kernels must hand NaN on, which these functions do not.
    files: [
      'src/{reading,formats,recording,signal,charts,datasets,store,evaluation,report}/**/*.ts',
      '{cli,bench}/**/*.ts',
    ],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport, noSpreadIntoArray, noSpreadIntoMath] },
  },
  // The library returns values, throws and calls hooks; only the programs print.
  { files: ['src/**/*.ts'], rules: { 'no-console': 'error' } },
)
