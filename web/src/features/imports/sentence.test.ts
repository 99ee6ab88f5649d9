import { expect, test } from 'vitest'
import type { ImportJob } from '~/api/types'
import { sentence } from './ImportPage'

const job = (part: Partial<ImportJob>) =>
  ({ status: 'done', dryRun: false, errorRows: 0, ...part }) as ImportJob

test('an import says where it stands and what to do next', () => {
  expect(sentence(job({ status: 'running' }))).toBe('said.running')
  expect(sentence(job({ dryRun: true }))).toBe('said.checked')
  expect(sentence(job({ dryRun: true, errorRows: 2 }))).toBe('said.checkedErrors')
  expect(sentence(job({}))).toBe('said.done')
  expect(sentence(job({ errorRows: 2 }))).toBe('said.doneErrors')
  expect(sentence(job({ status: 'failed', dryRun: true }))).toBe('said.failed')
})
