// Besides the usual rules, this file enforces the house: a floor imports from its own floor or below, never above,
// and the three sides (extension, kernel, webview) meet in src/protocol only.
import tseslint from 'typescript-eslint';
import globals from 'globals';

/** Kernel folders, ground floor first (docs/architecture.md). */
const floors = [
  ['graph', 'imaging', 'checkpoints', 'downloads'],
  ['runtime', 'gpu', 'models', 'sam', 'datasets', 'evaluation'],
  ['medsa'],
  ['inference', 'training', 'inspection'],
  ['annotation'],
  ['notebook', 'cli'],
];

const outside = (folders) => folders.map((name) => `**/${name}/**`);
const restrict = (group, message) => ({ patterns: [{ group, message }] });

const floorRules = floors.flatMap((floor, level) =>
  floor.map((folder) => ({
    files: [`src/kernel/${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        restrict(
          [
            ...outside(floors.slice(level + 1).flat()),
            '**/server',
            '**/main',
            '**/cli',
            'vscode',
            '**/extension/**',
            '**/webview/**',
          ],
          `src/kernel/${folder} stands on floor ${level + 1}: it imports from its own floor or below.`,
        ),
      ],
    },
  })),
);

export default tseslint.config(
  { ignores: ['dist', 'out', 'node_modules', '.runtime', 'test/fixtures', '.vscode-test'] },
  ...tseslint.configs.recommended,
  {
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-console': ['error', { allow: ['error', 'warn'] }],
      eqeqeq: ['error', 'smart'],
    },
  },
  { files: ['**/*.mjs', 'src/kernel/cli/**', 'test/**'], rules: { 'no-console': 'off' } },
  {
    files: ['src/kernel/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        restrict(
          ['vscode', '**/extension/**', '**/webview/**'],
          'The kernel runs headless: it never imports vscode, the extension or the webview.',
        ),
      ],
    },
  },
  ...floorRules,
  {
    files: ['src/extension/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        restrict(
          ['**/kernel/**', '**/webview/**', 'onnxruntime-node', 'sharp'],
          'The extension holds no tensors and no file formats: it speaks src/protocol.',
        ),
      ],
    },
  },
  {
    // Whatever a file or a message says becomes text: elements are made with webview/shared/dom.ts.
    files: ['webview/**/*.ts', 'src/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...[
          'AssignmentExpression > MemberExpression.left[property.name=/^(innerHTML|outerHTML|srcdoc)$/]',
          'AssignmentExpression > MemberExpression.left[property.value=/^(innerHTML|outerHTML|srcdoc)$/]',
          'CallExpression > MemberExpression.callee[property.name=/^(insertAdjacentHTML|setHTMLUnsafe|createContextualFragment|parseFromString)$/]',
          "CallExpression > MemberExpression.callee[object.name='document'][property.name=/^(write|writeln)$/]",
        ].map((selector) => ({ selector, message: 'Markup is never made of strings: use webview/shared/dom.ts.' })),
      ],
    },
  },
  {
    files: ['webview/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        restrict(['**/kernel/**', '**/extension/**', 'vscode', 'node:*'], 'The webview speaks src/protocol only.'),
      ],
    },
  },
  {
    files: ['src/protocol/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        restrict(
          ['**/kernel/**', '**/extension/**', '**/webview/**', 'vscode', 'node:*'],
          'The protocol imports nothing of the project.',
        ),
      ],
    },
  },
);
