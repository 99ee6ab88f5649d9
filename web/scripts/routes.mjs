// Writes src/api/gen/routes.gen.ts: for each method, which path takes which query and body and answers what,
// so that `api.get('/api/…')` knows its types from the address alone. Runs after openapi-ts, whose types it uses.
import { readFile, writeFile } from 'node:fs/promises'

const document = JSON.parse(await readFile(process.env.OPENAPI ?? 'openapi.json', 'utf8'))
const METHODS = ['get', 'post', 'put', 'patch', 'delete']

const byName = (ref) => ref.split('/').at(-1)
// As openapi-ts names a schema: Page_Call is PageCall.
const typeName = (ref) => `T.${byName(ref).replace(/_(\w)/g, (_, letter) => letter.toUpperCase())}`
const resolved = (schema) =>
  schema.$ref ? resolved(document.components.schemas[byName(schema.$ref)]) : schema

/** A schema as a type; only what parameters and bodies of this API are made of. */
function type(schema) {
  if (!schema) return 'unknown'
  if (schema.$ref) return typeName(schema.$ref)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  const kinds = [schema.type].flat().filter((kind) => kind && kind !== 'null')
  const names = { integer: 'number', number: 'number', boolean: 'boolean', string: 'string' }
  if (kinds.length === 1 && names[kinds[0]]) return names[kinds[0]]
  const parts = (schema.oneOf ?? schema.anyOf ?? []).filter((part) => part.type !== 'null')
  return parts.length === 1 ? type(parts[0]) : 'unknown'
}

/** The address with its parameters as template placeholders; `today` is no number, so it never matches an id. */
function address(path, operation) {
  const kinds = new Map(
    (operation.parameters ?? [])
      .filter((parameter) => parameter.in === 'path')
      .map((parameter) => [parameter.name, type(resolved(parameter.schema))]),
  )
  if (!path.includes('{')) return `'${path}'`
  return `[path: \`${path.replace(/\{(\w+)\}/g, (_, name) => `\${${kinds.get(name) ?? 'string'}}`)}\`]`
}

function query(operation) {
  const fields = (operation.parameters ?? [])
    .filter((parameter) => parameter.in === 'query')
    .map((parameter) => `${parameter.name}?: ${type(parameter.schema)} | null | undefined`)
  return fields.length ? `{ ${fields.join('; ')} }` : 'NoQuery'
}

function body(operation) {
  const content = operation.requestBody?.content
  if (!content) return 'undefined'
  if (content['multipart/form-data']) return 'FormData'
  const sent = type(content['application/json']?.schema)
  return operation.requestBody.required ? sent : `${sent} | undefined`
}

function answer(operation) {
  const answers = Object.entries(operation.responses).filter(([status]) => /^2/.test(status))
  if (answers.length === 0) return 'never'
  const types = answers.map(([status, { content }]) => {
    if (status === '204') return 'undefined'
    const schema = content?.['application/json']?.schema
    return schema ? type(schema) : 'Blob'
  })
  return [...new Set(types)].join(' | ')
}

const lines = [
  '// Made by scripts/routes.mjs from the OpenAPI document.',
  '',
  "import type * as T from './types.gen'",
  '',
  'type NoQuery = Record<never, never>',
  '',
  'export interface Routes {',
]
for (const method of METHODS) {
  lines.push(`  ${method.toUpperCase()}: {`)
  for (const [path, item] of Object.entries(document.paths)) {
    const operation = item[method]
    if (!operation) continue
    const parts = [
      `query: ${query(operation)}`,
      `body: ${body(operation)}`,
      `answer: ${answer(operation)}`,
    ]
    lines.push(`    ${address(path, operation)}: { ${parts.join('; ')} }`)
  }
  lines.push('  }')
}
lines.push('}', '')
await writeFile('src/api/gen/routes.gen.ts', lines.join('\n'))
