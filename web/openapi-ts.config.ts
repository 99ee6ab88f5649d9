import { defineConfig } from '@hey-api/openapi-ts'

// `OPENAPI=path npm run gen` writes the types of the server's API document to src/api/gen.
export default defineConfig({
  input: process.env.OPENAPI ?? '../target/openapi.json',
  output: { path: 'src/api/gen' },
  plugins: ['@hey-api/typescript'],
})
