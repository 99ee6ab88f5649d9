import { render } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { keyLabel, remap, resetKeys, useKey } from './keys'

function Probe({
  id,
  k,
  run,
  fallback = false,
}: {
  id: string
  k: string
  run: () => void
  fallback?: boolean
}) {
  useKey({ id, key: k, label: id, group: 'test', fallback }, run)
  return null
}
const press = (code: string, init: KeyboardEventInit = {}, target: Element = document.body) =>
  target.dispatchEvent(
    new KeyboardEvent('keydown', { code, bubbles: true, cancelable: true, ...init }),
  )

afterEach(resetKeys)

test('a key runs its action by its place, whatever the layout types', () => {
  const call = vi.fn()
  render(<Probe id="call" k="C" run={call} />)
  press('KeyC', { key: 'চ' })
  expect(call).toHaveBeenCalledOnce()
})

test('nothing fires while typing or from a focused button', () => {
  const run = vi.fn()
  const { container } = render(
    <>
      <Probe id="one" k="1" run={run} />
      <Probe id="done" k="Enter" run={run} />
      <textarea />
      <button type="button">x</button>
    </>,
  )
  press('Digit1', {}, container.querySelector('textarea') as Element)
  press('Enter', {}, container.querySelector('button') as Element)
  expect(run).not.toHaveBeenCalled()
})

test('a ticked box takes no letters, but Space is its own', () => {
  const run = vi.fn()
  const { container } = render(
    <>
      <Probe id="one" k="1" run={run} />
      <Probe id="hold" k="Space" run={run} />
      <input type="checkbox" />
    </>,
  )
  const box = container.querySelector('input') as Element
  press('Space', {}, box)
  expect(run).not.toHaveBeenCalled()
  press('Digit1', {}, box)
  expect(run).toHaveBeenCalledOnce()
})

test('two keys in a row, numpad digits and remapping', () => {
  const price = vi.fn()
  const call = vi.fn()
  render(
    <>
      <Probe id="price" k="E 1" run={price} />
      <Probe id="call" k="C" run={call} />
    </>,
  )
  press('KeyE')
  press('Numpad1')
  expect(price).toHaveBeenCalledOnce()
  remap('call', 'Shift+P')
  press('KeyC')
  press('KeyP', { shiftKey: true })
  expect(call).toHaveBeenCalledOnce()
})

test('a fallback runs only where nothing else has its key, whichever came first', () => {
  const own = vi.fn()
  const everywhere = vi.fn()
  const page = render(<Probe id="own" k="Slash" run={own} />)
  render(<Probe id="all" k="Slash" run={everywhere} fallback />)
  press('Slash')
  expect(own).toHaveBeenCalledOnce()
  expect(everywhere).not.toHaveBeenCalled()
  page.unmount()
  press('Slash')
  expect(everywhere).toHaveBeenCalledOnce()
})

test('keys are printed short', () => {
  expect(
    ['Shift+Slash', 'Slash', 'Ctrl+K', 'Shift+1', 'E 1', 'Enter', 'Ctrl+Enter'].map(keyLabel),
  ).toEqual(['?', '/', 'Ctrl K', '⇧1', 'E1', '↵', 'Ctrl ↵'])
})
