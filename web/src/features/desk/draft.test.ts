import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '~/api/error'
import type { WrapUp, WrapUpPatch } from '~/api/types'
import { Drafts } from './draft'

const offline = () => new ApiError({ status: 0, code: 'network_error', detail: '' })
const wrapUp = (notes: string) => ({ taskId: 1, notes, basket: [] }) as unknown as WrapUp

let sent: WrapUpPatch[]
let answer: () => Promise<undefined>
let drafts: Drafts

beforeEach(() => {
  vi.useFakeTimers()
  localStorage.clear()
  sent = []
  answer = async () => undefined
  drafts = new Drafts((_task, patch) => {
    sent.push(patch)
    return answer()
  })
})
afterEach(() => vi.useRealTimers())

const state = () => drafts.of(1).get().state

test('typing is sent once, after a pause, and marked as saved', async () => {
  drafts.edit(1, { notes: 'a' })
  await vi.advanceTimersByTimeAsync(300)
  drafts.edit(1, { notes: 'ab', outcome: 'ordered' })
  await vi.advanceTimersByTimeAsync(599)
  expect(sent).toEqual([])
  expect(state()).toBe('waiting')
  await vi.advanceTimersByTimeAsync(1)
  expect(sent).toEqual([{ notes: 'ab', outcome: 'ordered' }])
  expect(state()).toBe('saved')
})

test('without a line it keeps trying and loses nothing typed meanwhile', async () => {
  answer = async () => {
    throw offline()
  }
  drafts.edit(1, { notes: 'first' })
  await vi.advanceTimersByTimeAsync(600)
  expect(state()).toBe('offline')
  drafts.edit(1, { outcome: 'follow_up' })
  answer = async () => undefined
  await vi.advanceTimersByTimeAsync(3000)
  expect(sent[sent.length - 1]).toEqual({ notes: 'first', outcome: 'follow_up' })
  expect(state()).toBe('saved')
})

test('a crash before the save brings the words back', async () => {
  drafts.edit(1, { notes: 'unsent' })
  const after = new Drafts(async (_task, patch) => {
    sent.push(patch)
    return undefined
  })
  expect(after.of(1).get().notes).toBe('unsent')
  after.adopt(wrapUp('older, from the server'))
  expect(after.of(1).get().notes).toBe('unsent')
  await vi.advanceTimersByTimeAsync(0)
  expect(sent).toContainEqual({ notes: 'unsent' })
})

test('the server’s version is taken where nothing is waiting here', () => {
  drafts.adopt(wrapUp('from another tab'))
  expect(drafts.of(1).get().notes).toBe('from another tab')
})

test('a completed task leaves nothing behind', async () => {
  drafts.edit(1, { notes: 'x' })
  drafts.drop(1)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(sent).toEqual([])
  expect(localStorage.length).toBe(0)
})
